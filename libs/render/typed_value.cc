#include "libs/render/typed_value.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"

#include "libs/render/encode.h"
#include "libs/render/url.h"
#include "libs/strings/view.h"
#include "libs/time_zone/time_zone.h"

namespace lmsmail::render {
namespace {

bool IsDigits(std::string_view text) { return std::ranges::all_of(text, absl::ascii_isdigit); }

int ToInt(std::string_view digits) {
  int out = 0;
  for (const char digit : digits) out = out * 10 + (digit - '0');
  return out;
}

// "2026-12-07"
std::optional<absl::CivilDay> ParseDay(std::string_view text) {
  if (text.size() != 10 || text[4] != '-' || text[7] != '-') return std::nullopt;
  const std::string_view parts[] = {text.substr(0, 4), text.substr(5, 2), text.substr(8, 2)};
  if (!std::ranges::all_of(parts, IsDigits)) return std::nullopt;
  const absl::CivilDay day(ToInt(parts[0]), ToInt(parts[1]), ToInt(parts[2]));
  // Otherwise the day does not exist, and another one was meant or none.
  if (day.year() == 0 || day.month() != ToInt(parts[1]) || day.day() != ToInt(parts[2])) {
    return std::nullopt;
  }
  return day;
}

// "2026-12-07T18:00:00+01:00"
std::optional<absl::Time> ParseInstant(std::string_view text) {
  if (text.size() < 11 || text[10] != 'T' || !ParseDay(text.substr(0, 10))) return std::nullopt;
  absl::Time time;
  std::string error;
  if (!absl::ParseTime(absl::RFC3339_full, ToAbsl(text), &time, &error)) return std::nullopt;
  return time;
}

struct Days {
  absl::CivilDay first;
  absl::CivilDay last;
};

std::optional<Days> ParseDays(std::string_view text) {
  const std::size_t slash = text.find('/');
  if (slash == std::string_view::npos) return std::nullopt;
  const auto first = ParseDay(text.substr(0, slash));
  const auto last = ParseDay(text.substr(slash + 1));
  if (!first || !last || *last < *first) return std::nullopt;
  return Days{*first, *last};
}

bool IsColor(std::string_view text) {
  return (text.size() == 7 || text.size() == 4) && text.front() == '#' &&
         std::ranges::all_of(text.substr(1), absl::ascii_isxdigit);
}

}  // namespace

bool IsTextOf(VariableType type, std::string_view text) {
  switch (type) {
    case VariableType::kUrl:
      return IsMailUrl(text);
    case VariableType::kDate:
      return ParseDay(text) || ParseInstant(text);
    case VariableType::kTime:
    case VariableType::kDateTime:
      return ParseInstant(text).has_value();
    case VariableType::kDays:
      return ParseDays(text).has_value();
    case VariableType::kColor:
      return IsColor(text);
    case VariableType::kChoice:
      return !text.empty();
    default:
      return false;
  }
}

std::string_view FormOf(VariableType type) {
  switch (type) {
    case VariableType::kNumber:
    case VariableType::kPercent:
      return "a finite number";
    case VariableType::kUrl:
      return "a URL such as https://school.example/courses, with http, https or mailto";
    case VariableType::kMoney:
      return "an amount such as {\"amount_minor\": 4999, \"currency_code\": \"EUR\"}";
    case VariableType::kDate:
      return "a date such as 2026-12-07 or 2026-12-07T18:00:00+01:00";
    case VariableType::kTime:
    case VariableType::kDateTime:
      return "a time such as 2026-12-07T18:00:00+01:00";
    case VariableType::kDays:
      return "a first and a last day such as 2026-11-16/2026-11-22";
    case VariableType::kColor:
      return "a color such as #0b6b61";
    case VariableType::kChoice:
      return "a text that is not empty";
    default:
      return "";
  }
}

std::optional<locale::Money> ParseMoney(std::string_view text) {
  const std::size_t space = text.find(' ');
  if (space == std::string_view::npos) return std::nullopt;
  locale::Money money{.minor_units = 0, .currency_code = text.substr(space + 1)};
  if (!absl::SimpleAtoi(ToAbsl(text.substr(0, space)), &money.minor_units) ||
      !locale::IsCurrencyCode(money.currency_code)) {
    return std::nullopt;
  }
  return money;
}

bool ValueWriter::Append(VariableType type, const Value& value, std::string& out) {
  switch (type) {
    case VariableType::kNumber:
    case VariableType::kPercent:
      if (!value.has_number_value() || !std::isfinite(value.number_value())) return false;
      if (type == VariableType::kNumber) {
        formatter().AppendNumber(value.number_value(), out);
      } else {
        formatter().AppendPercent(value.number_value(), out);
      }
      return true;
    case VariableType::kMoney:
      if (const auto money = MoneyOf(value)) {
        formatter().AppendMoney(*money, out);
        return true;
      }
      return false;
    case VariableType::kList:
      return value.has_list_value() && AppendList(value.list_value(), out);
    default:
      return value.has_string_value() && AppendText(type, value.string_value(), out);
  }
}

bool ValueWriter::AppendText(VariableType type, std::string_view text, std::string& out) {
  if (type == VariableType::kDays) {
    const auto days = ParseDays(text);
    if (days) formatter().AppendDays(days->first, days->last, out);
    return days.has_value();
  }
  if (type == VariableType::kDate) {
    if (const auto day = ParseDay(text)) {
      formatter().AppendDate(*day, out);
      return true;
    }
  } else if (type != VariableType::kTime && type != VariableType::kDateTime) {
    return false;
  }
  const auto time = ParseInstant(text);
  if (!time) return false;
  const absl::CivilSecond local = Local(*time);
  if (type == VariableType::kDate) {
    formatter().AppendDate(absl::CivilDay(local), out);
  } else if (type == VariableType::kTime) {
    formatter().AppendTime(local, out);
  } else {
    formatter().AppendDateTime(local, out);
  }
  return true;
}

bool ValueWriter::AppendList(const List& list, std::string& out) {
  std::vector<std::string> items;
  for (const Value& item : list.values()) {
    if (item.has_string_value()) {
      items.push_back(item.string_value());
    } else if (item.has_number_value()) {
      Append(VariableType::kNumber, item, items.emplace_back());
    }
  }
  formatter().AppendList(items, out);
  return true;
}

const locale::Formatter& ValueWriter::formatter() {
  if (formatter_ == nullptr) formatter_ = locale::Formatter::OfThread(language_code_);
  return *formatter_;
}

absl::CivilSecond ValueWriter::Local(absl::Time time) {
  if (!zone_) zone_ = time_zone::Load(std::string(time_zone_)).value_or(absl::UTCTimeZone());
  return absl::ToCivilSecond(time, *zone_);
}

}  // namespace lmsmail::render
