#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace lmsmail::render {

// How a value is passed and written. Values of most types are written for the recipient's language
// and time zone when the mail is rendered, so senders pass what they know: numbers and times.
enum class VariableType {
  kString,  // accepts numbers and booleans too, written as they are
  kNumber,
  kBoolean,
  kUrl,  // http://, https:// or mailto:
  kObject,
  kList,
  kPercent,   // a number: 64 is "64 %"
  kMoney,     // {"amount_minor": 4999, "currency_code": "EUR"}
  kDate,      // "2026-12-07", or a time, of which the day in the recipient's zone is written
  kTime,      // as RFC 3339: "2026-12-07T18:00:00+01:00"; written as the time of day
  kDateTime,  // likewise
  kDays,      // ISO 8601, both included: "2026-11-16/2026-11-22"
  kChoice,    // a text that opens the section {{#name.text}}, or {{#name.other}}
  kColor,     // "#0b6b61", the only text that a style accepts
};

inline constexpr std::pair<VariableType, std::string_view> kVariableTypes[] = {
    {VariableType::kString, "string"},     {VariableType::kNumber, "number"},
    {VariableType::kBoolean, "boolean"},   {VariableType::kUrl, "url"},
    {VariableType::kObject, "object"},     {VariableType::kList, "list"},
    {VariableType::kPercent, "percent"},   {VariableType::kMoney, "money"},
    {VariableType::kDate, "date"},         {VariableType::kTime, "time"},
    {VariableType::kDateTime, "datetime"}, {VariableType::kDays, "days"},
    {VariableType::kChoice, "choice"},     {VariableType::kColor, "color"},
};

constexpr std::string_view VariableTypeName(VariableType type) {
  for (const auto& [candidate, name] : kVariableTypes) {
    if (candidate == type) return name;
  }
  return "";
}

// A value that a template may use and that a sender must or may provide.
struct Variable {
  // "site_name", or "user.first_name": a dotted name declares a field of an object that needs no
  // declaration. Segments consist of letters, digits, '_' and '-'.
  std::string name;
  VariableType type = VariableType::kString;
  // Must be present and not null. Inside `fields`: whenever the object or the list's item is
  // present.
  bool required = false;
  std::string description = "";
  // As text: "Ada", "42", "true", "4999 EUR" for 49.99 EUR. Samples of objects and lists come from
  // `fields`.
  std::string sample = "";
  // The fields of an object, or of each item of a list. A list without fields holds scalars, which
  // {{.}} prints; {{name}} prints them all: "A, B and C".
  std::vector<Variable> fields = {};
};

}  // namespace lmsmail::render
