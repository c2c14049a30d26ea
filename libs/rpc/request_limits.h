#pragma once

#include <google/protobuf/struct.pb.h>

#include <cstddef>
#include <string_view>

#include "libs/status/fault.h"

namespace lmsmail::rpc {

struct StructLimits {
  std::size_t bytes = 64 * 1024;  // serialized
  int depth = 16;                 // of nested objects and lists; the struct itself is the first
};

// Adds a violation of `field` when `value` is larger or deeper than allowed.
void CheckStruct(const google::protobuf::Struct& value, std::string_view field,
                 const StructLimits& limits, Violations& violations);

}  // namespace lmsmail::rpc
