#pragma once

#include <google/protobuf/struct.pb.h>

#include <cstddef>
#include <string_view>

#include "libs/status/error_details.h"

namespace lmsmail::validation {

struct StructLimits {
  std::size_t bytes = 64 * 1024;  // serialized
  int depth = 32;                 // of nested objects and lists; the struct itself is the first
};

// Values for a mail: adds a violation of `field` when they are larger or deeper than allowed, or
// hold a NUL character, which no mail may (RFC 5322 section 4).
void CheckStruct(const google::protobuf::Struct& value, std::string_view field,
                 const StructLimits& limits, Violations& violations);

}  // namespace lmsmail::validation
