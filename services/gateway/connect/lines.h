#pragma once

#include <google/protobuf/descriptor.h>

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"

namespace lmsmail::gateway {

// The messages of newline-delimited JSON, one a line, in Protobuf's binary encoding. Blank lines
// are skipped. INVALID_ARGUMENT for the first line that is no message, with its number, counted
// from 1; and if the messages have more than `max_bytes` together, which are several times as many
// as the text's in the worst case.
absl::StatusOr<std::vector<std::string>> MessagesOfLines(std::string_view text,
                                                         const google::protobuf::Descriptor& type,
                                                         std::size_t max_bytes);

}  // namespace lmsmail::gateway
