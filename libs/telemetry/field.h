#pragma once

#include <concepts>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"

namespace lmsmail::telemetry {

// The value of a log field. Borrows strings, so it must not outlive the logging call; converts
// absl's types to text.
class FieldValue {
 public:
  using Value = std::variant<bool, int64_t, uint64_t, double, std::string_view, std::string>;

  FieldValue(bool value) : value_(value) {}  // NOLINT(google-explicit-constructor)
  template <std::signed_integral T>
  FieldValue(T value) : value_(int64_t{value}) {}  // NOLINT(google-explicit-constructor)
  template <std::unsigned_integral T>
    requires(!std::same_as<T, bool>)
  FieldValue(T value) : value_(uint64_t{value}) {}  // NOLINT(google-explicit-constructor)
  FieldValue(double value) : value_(value) {}       // NOLINT(google-explicit-constructor)
  FieldValue(const char* value) : value_(std::string_view(value)) {}  // NOLINT
  FieldValue(std::string_view value) : value_(value) {}  // NOLINT(google-explicit-constructor)
  FieldValue(absl::string_view value)                    // NOLINT(google-explicit-constructor)
      : value_(std::string_view(value.data(), value.size())) {}
  FieldValue(const std::string& value)  // NOLINT(google-explicit-constructor)
      : value_(std::string_view(value)) {}
  FieldValue(const absl::Status& value) : value_(value.ToString()) {}        // NOLINT
  FieldValue(absl::Duration value) : value_(absl::FormatDuration(value)) {}  // NOLINT
  FieldValue(absl::Time value);  // NOLINT(google-explicit-constructor)

  const Value& value() const { return value_; }

 private:
  Value value_;
};

// Names are snake_case; "time", "level", "service" and "message" are reserved.
struct Field {
  std::string_view name;
  FieldValue value;
};

}  // namespace lmsmail::telemetry
