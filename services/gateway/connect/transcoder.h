#pragma once

#include <google/protobuf/descriptor.h>

#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

// Messages of generated types in the proto3 JSON mapping. Thread-safe.
namespace lmsmail::gateway {

// The message in Protobuf's binary encoding. INVALID_ARGUMENT, with the fields that are wrong, for
// anything that CheckJson() or Protobuf refuses.
absl::StatusOr<std::string> JsonToBinary(std::string_view json,
                                         const google::protobuf::Descriptor& type);

// INTERNAL if `binary` is no message of the type.
absl::StatusOr<std::string> BinaryToJson(std::string_view binary,
                                         const google::protobuf::Descriptor& type);

}  // namespace lmsmail::gateway
