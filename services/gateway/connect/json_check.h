#pragma once

#include <google/protobuf/descriptor.h>

#include <string_view>

#include "absl/status/status.h"

namespace lmsmail::gateway {

// Levels of objects and arrays in a request.
inline constexpr int kMaxJsonDepth = 64;
// Values in a request, which bound the time that it takes: a quarter of a second. A batch of 1000
// items has a tenth of them.
inline constexpr int kMaxJsonValues = 200'000;
// Members of free-form objects and maps that are open at a time. Their names are kept to find
// duplicates, so this bounds the memory that a hostile request takes.
inline constexpr int kMaxJsonMembers = 20'000;

// INVALID_ARGUMENT unless `json` is one strict JSON document (RFC 8259, valid UTF-8) for a message
// of this type in the proto3 JSON mapping: known fields, each once and of the right kind, and one
// member of a oneof. All violations are reported, with their fields.
//
// Protobuf's own parser is lenient where this is strict: it takes "yes" for true, the last of two
// values, unquoted names and trailing commas, and an object for a list. It still checks the values.
absl::Status CheckJson(std::string_view json, const google::protobuf::Descriptor& type);

}  // namespace lmsmail::gateway
