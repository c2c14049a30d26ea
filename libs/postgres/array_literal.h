#pragma once

#include <concepts>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "absl/time/time.h"

namespace lmsmail::postgres {

// Builds the text form of a one-dimensional PostgreSQL array, '{"a","b",NULL}', for a parameter
// such as $1::text[] (libpqxx 6 has no array parameters). Format: PostgreSQL manual, 8.15.6.
// Like PostgreSQL's text, it holds UTF-8 without NUL bytes.
class ArrayLiteral {
 public:
  void AddText(std::string_view text);  // also for jsonb[], uuid[] and enums
  void AddInt(std::int64_t value);      // int2[], int4[], int8[]
  void AddDouble(double value);
  void AddBool(bool value);
  void AddTime(absl::Time time);  // timestamptz[]
  void AddNull();

  void Reserve(std::size_t bytes) { text_.reserve(bytes); }
  // The literal so far.
  std::string str() const& { return text_ + '}'; }
  std::string str() && {
    text_.push_back('}');
    return std::move(text_);
  }

 private:
  void Separate();

  std::string text_ = "{";
};

namespace array_internal {

template <typename T>
struct IsOptional : std::false_type {};
template <typename T>
struct IsOptional<std::optional<T>> : std::true_type {};

template <typename T>
void Add(ArrayLiteral& array, const T& value) {
  if constexpr (IsOptional<T>::value) {
    value ? Add(array, *value) : array.AddNull();
  } else if constexpr (std::same_as<T, bool>) {
    array.AddBool(value);
  } else if constexpr (std::integral<T>) {
    array.AddInt(static_cast<std::int64_t>(value));
  } else if constexpr (std::floating_point<T>) {
    array.AddDouble(value);
  } else if constexpr (std::same_as<T, absl::Time>) {
    array.AddTime(value);
  } else {
    array.AddText(value);
  }
}

}  // namespace array_internal

// The array of projection(item) for each item of `range`. Elements are text, integers, floating
// point, bool, absl::Time, or std::optional of these.
//   ToArrayLiteral(ids); ToArrayLiteral(recipients, &Recipient::id);
template <typename Range, typename Projection = std::identity>
std::string ToArrayLiteral(const Range& range, Projection projection = {}) {
  ArrayLiteral array;
  for (const auto& item : range) array_internal::Add(array, std::invoke(projection, item));
  return std::move(array).str();
}

}  // namespace lmsmail::postgres
