#pragma once

#include <nlohmann/json.hpp>

namespace lmsmail::fakes {

// Whether a value has a type, where the sign of an integer does not matter.
inline bool HasType(const nlohmann::json& value, nlohmann::json::value_t type) {
  if (type == nlohmann::json::value_t::number_integer) return value.is_number_integer();
  return value.type() == type;
}

// The names of JSON Schema.
inline const char* NameOfType(nlohmann::json::value_t type) {
  switch (type) {
    case nlohmann::json::value_t::object:
      return "object";
    case nlohmann::json::value_t::array:
      return "array";
    case nlohmann::json::value_t::string:
      return "string";
    case nlohmann::json::value_t::boolean:
      return "boolean";
    case nlohmann::json::value_t::null:
      return "null";
    case nlohmann::json::value_t::number_float:
      return "number";
    default:
      return "integer";
  }
}
inline const char* NameOf(const nlohmann::json& value) { return NameOfType(value.type()); }

}  // namespace lmsmail::fakes
