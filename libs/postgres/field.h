#pragma once

#include <cstdint>
#include <optional>
#include <pqxx/result>  // <pqxx/field> of libpqxx 6 does not compile alone.
#include <string>
#include <string_view>
#include <vector>

#include "absl/time/time.h"

// Getters that libpqxx 6 lacks, for use inside a transaction. Like those of libpqxx, they throw
// when the text does not have the requested type, or when a field without a default is NULL.
namespace lmsmail::postgres {

// std::nullopt when NULL.
template <typename T>
std::optional<T> Optional(const pqxx::field& field) {
  if (field.is_null()) return std::nullopt;
  return field.as<T>();
}

// Empty when NULL. Valid as long as the pqxx::result of the field.
inline std::string_view View(const pqxx::field& field) { return {field.c_str(), field.size()}; }
// Empty when NULL.
inline std::string Text(const pqxx::field& field) { return std::string(View(field)); }

absl::Time Time(const pqxx::field& field);
std::optional<absl::Time> OptionalTime(const pqxx::field& field);

// One-dimensional arrays without NULLs; empty when the field is NULL.
std::vector<std::string> TextArray(const pqxx::field& field);
std::vector<std::int64_t> Int8Array(const pqxx::field& field);

// A text parameter that is NULL when `text` has no value: tx.exec_params(sql, OrNull(name)).
inline const char* OrNull(const std::optional<std::string>& text) {
  return text ? text->c_str() : nullptr;
}

}  // namespace lmsmail::postgres
