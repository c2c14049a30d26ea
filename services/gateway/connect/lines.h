#pragma once

#include <google/protobuf/descriptor.h>

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"

namespace lmsmail::gateway {

// A message of nothing but items is joined to one before it, up to this many items together.
// Services store a stream message by message, in a transaction each, and most callers write an item
// a line. SendBulk accepts 1000 items in a message.
inline constexpr int kMaxJoinedItems = 1000;

// The messages of newline-delimited JSON, one a line, in Protobuf's binary encoding, joined where
// that changes nothing but their number. Blank lines
// are skipped. INVALID_ARGUMENT for the first line that is no message, with its number, counted
// from 1; and if the messages have more than `max_bytes` together, which are several times as many
// as the text's in the worst case.
absl::StatusOr<std::vector<std::string>> MessagesOfLines(std::string_view text,
                                                         const google::protobuf::Descriptor& type,
                                                         std::size_t max_bytes);

}  // namespace lmsmail::gateway
