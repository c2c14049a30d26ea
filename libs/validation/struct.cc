#include "libs/validation/struct.h"

#include <fmt/format.h>

#include <algorithm>
#include <string>

namespace lmsmail::validation {
namespace {

// The levels of objects and lists, the struct itself included. Counts to `max` only, so that a
// hostile depth does not exhaust the stack.
int Depth(const google::protobuf::Struct& value, int max);

int Depth(const google::protobuf::Value& value, int max) {
  if (value.has_struct_value()) return Depth(value.struct_value(), max);
  if (!value.has_list_value() || max == 0) return 0;
  int depth = 0;
  for (const auto& item : value.list_value().values()) {
    depth = std::max(depth, Depth(item, max - 1));
  }
  return depth + 1;
}

int Depth(const google::protobuf::Struct& value, int max) {
  if (max == 0) return 0;
  int depth = 0;
  for (const auto& [_, field] : value.fields()) depth = std::max(depth, Depth(field, max - 1));
  return depth + 1;
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
    violations.Add(std::string(field), "contains a NUL character, which mail must not; remove it");
  }
}

}  // namespace lmsmail::validation
