#pragma once

#include <cmath>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>

#include "absl/strings/numbers.h"
#include "absl/time/civil_time.h"
#include "absl/time/time.h"

#include "libs/locale/currency.h"
#include "libs/locale/formatter.h"
#include "libs/render/values.h"
#include "libs/render/variable.h"

namespace lmsmail::render {

// Whether a text is a value of a type that is passed as text. `time` is RFC 3339, `days` an
// interval of ISO 8601.
bool IsTextOf(VariableType type, std::string_view text);

// What a value of `type` is, for an error about one that is not: "a date such as 2026-12-07".
std::string_view FormOf(VariableType type);

// The amount of a google.protobuf.Value or a Value; nullopt if it is none. It refers to `value`.
template <typename Any>
std::optional<locale::Money> MoneyOf(const Any& value) {
  constexpr double kExact = 9007199254740992;  // 2^53: every whole number below it is a double
  if (!value.has_struct_value()) return std::nullopt;
  const auto* const amount = Find(value.struct_value(), "amount_minor");
  const auto* const currency = Find(value.struct_value(), "currency_code");
  if (amount == nullptr || currency == nullptr || !currency->has_string_value())
    return std::nullopt;
  locale::Money money{.minor_units = 0, .currency_code = currency->string_value()};
  if (!locale::IsCurrencyCode(money.currency_code)) return std::nullopt;
  if (amount->has_string_value()) {
    if (!absl::SimpleAtoi(amount->string_value(), &money.minor_units)) return std::nullopt;
    return money;
  }
  const double number = amount->number_value();
  if (!amount->has_number_value() || std::trunc(number) != number || std::abs(number) > kExact) {
    return std::nullopt;
  }
  money.minor_units = static_cast<std::int64_t>(number);
  return money;
}

// The same of a sample: "4999 EUR".
std::optional<locale::Money> ParseMoney(std::string_view text);

// Writes values for one recipient. Not thread-safe.
class ValueWriter {
 public:
  // The texts must outlive this. An unknown or empty zone is UTC.
  ValueWriter(std::string_view language_code, std::string_view time_zone)
      : language_code_(language_code), time_zone_(time_zone) {}

  // Appends `value`, which has `type`, and returns true. Returns false, and appends nothing, when
  // the type says nothing about how it is written, or the value is not of that type.
  bool Append(VariableType type, const Value& value, std::string& out);

  locale::Plural PluralOf(double number) { return formatter().PluralOf(number); }

 private:
  const locale::Formatter& formatter();
  bool AppendText(VariableType type, std::string_view text, std::string& out);
  bool AppendList(const List& list, std::string& out);
  absl::CivilSecond Local(absl::Time time);

  const std::string_view language_code_;
  const std::string_view time_zone_;
  std::shared_ptr<const locale::Formatter> formatter_;  // set when it is first needed
  std::optional<absl::TimeZone> zone_;                  // likewise
};

}  // namespace lmsmail::render
