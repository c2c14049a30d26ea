#include "libs/validation/struct.h"

#include <fmt/format.h>

#include <algorithm>
#include <string>

namespace lmsmail::validation {
namespace {

// Levels of nested objects and lists, the struct itself the first. Looks at no more than `most`, so
// that a hostile depth costs no stack.
int Depth(const google::protobuf::Struct& value, int most);

int Depth(const google::protobuf::Value& value, int most) {
  if (value.has_struct_value()) return Depth(value.struct_value(), most);
  if (!value.has_list_value() || most == 0) return 0;
  int deepest = 0;
  for (const auto& item : value.list_value().values()) {
    deepest = std::max(deepest, Depth(item, most - 1));
  }
  return deepest + 1;
}

int Depth(const google::protobuf::Struct& value, int most) {
  if (most == 0) return 0;
  int deepest = 0;
  for (const auto& [_, field] : value.fields()) deepest = std::max(deepest, Depth(field, most - 1));
  return deepest + 1;
}

bool HasNul(const google::protobuf::Struct& value);

bool HasNul(const google::protobuf::Value& value) {
  if (value.has_string_value()) return value.string_value().find('\0') != std::string::npos;
  if (value.has_struct_value()) return HasNul(value.struct_value());
  if (!value.has_list_value()) return false;
  return std::ranges::any_of(value.list_value().values(),
                             [](const auto& item) { return HasNul(item); });
}

bool HasNul(const google::protobuf::Struct& value) {
  return std::ranges::any_of(value.fields(),
                             [](const auto& field) { return HasNul(field.second); });
}

}  // namespace

void CheckStruct(const google::protobuf::Struct& value, std::string_view field,
                 const StructLimits& limits, Violations& violations) {
  if (const std::size_t bytes = value.ByteSizeLong(); bytes > limits.bytes) {
    violations.Add(std::string(field), fmt::format("is {} bytes; at most {} are accepted: pass "
                                                   "links instead of content",
                                                   bytes, limits.bytes));
  }
  if (Depth(value, limits.depth + 1) > limits.depth) {
    violations.Add(std::string(field),
                   fmt::format("is nested more than {} levels deep; flatten it", limits.depth));
    return;
  }
  if (HasNul(value)) {
    violations.Add(std::string(field), "holds a NUL character, which no mail may; remove it");
  }
}

}  // namespace lmsmail::validation
