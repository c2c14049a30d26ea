#pragma once

#include <cstddef>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"

namespace lmsmail::smtp {

// What is needed to send a message after DATA without copying it.
struct MessageScan {
  std::vector<size_t> leading_dots;  // offsets of dots at the start of a line; usually none
  bool ends_with_crlf = false;
  bool has_8bit = false;  // needs BODY=8BITMIME (RFC 6152)
};

// INVALID_ARGUMENT for a bare CR, a bare LF or a NUL. Servers disagree on their meaning, which
// allows SMTP smuggling (RFC 5321 section 2.3.8).
absl::StatusOr<MessageScan> ScanMessage(std::string_view message);

// Appends `message` as it is sent: dots at line starts doubled, then the final dot (RFC 5321
// section 4.5.2). The pieces refer to `message` and to static text.
void AppendDotStuffed(std::string_view message, const MessageScan& scan,
                      std::vector<std::string_view>& pieces);

}  // namespace lmsmail::smtp
