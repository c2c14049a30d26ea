#pragma once

#include <google/protobuf/struct.pb.h>

#include <cstddef>
#include <string_view>

#include "libs/status/error_details.h"

namespace lmsmail::validation {

struct StructLimits {
  std::size_t bytes = 64 * 1024;  // serialized
  int depth = 32;                 // levels of objects and lists, the struct itself included
};

// Adds violations of `field` when `value` is larger or deeper than allowed or contains a NUL
// character, which mail must not (RFC 5322 section 4).
void CheckStruct(const google::protobuf::Struct& value, std::string_view field,
                 const StructLimits& limits, Violations& violations);

}  // namespace lmsmail::validation
