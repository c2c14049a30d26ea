#pragma once

#include <cstddef>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"

namespace lmsmail::smtp {

// What must be known of a message to send it after DATA without copying it.
struct MessageScan {
  std::vector<size_t>
      leading_dots;  // offsets of the dots at a line's start; most messages have none
  bool ends_with_crlf = false;
  bool has_8bit = false;  // needs BODY=8BITMIME (RFC 6152)
};

// INVALID_ARGUMENT for a bare CR, a bare LF or a NUL: servers disagree on them, which is how one
// message is smuggled into another (RFC 5321 section 2.3.8).
absl::StatusOr<MessageScan> ScanMessage(std::string_view message);

// Appends the pieces that make `message` on the wire: dots doubled at line starts, then the final
// dot (RFC 5321 section 4.5.2). The pieces refer to `message` and to static text.
void AppendDotStuffed(std::string_view message, const MessageScan& scan,
                      std::vector<std::string_view>& pieces);

}  // namespace lmsmail::smtp
