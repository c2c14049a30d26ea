#include "libs/smtp/message_scan.h"

#include <fmt/core.h>

#include "libs/strings/octets.h"

namespace lmsmail::smtp {
namespace {

absl::Status Invalid(std::string_view what, size_t at) {
  return absl::InvalidArgumentError(fmt::format(
      "message: has {} at byte {}; lines must end in CRLF and must not contain CR, LF or NUL", what,
      at));
}

}  // namespace

absl::StatusOr<MessageScan> ScanMessage(std::string_view message) {
  MessageScan scan;
  absl::Status error;
  Octets all_bits{};
  ForEachOctet(
      message, '\n',
      [&all_bits](Octets x, Octets before) {
        all_bits |= x;
        return (x == '\0') | ((x == '\n') != (before == '\r')) | ((x == '.') & (before == '\n'));
      },
      [&](size_t at) {
        if (message[at] == '.' && (at == 0 || message[at - 1] == '\n')) {
          scan.leading_dots.push_back(at);
        } else if (message[at] == '\n') {
          error = Invalid("a bare LF", at);
        } else if (at > 0 && message[at - 1] == '\r') {
          error = Invalid("a bare CR", at - 1);
        } else {
          error = Invalid("a NUL", at);
        }
        return error.ok();
      });
  if (!error.ok()) return error;
  if (message.ends_with('\r')) return Invalid("a bare CR", message.size() - 1);
  scan.ends_with_crlf = message.ends_with('\n');
  scan.has_8bit = AnyOctet(all_bits > 0x7f);
  return scan;
}

void AppendDotStuffed(std::string_view message, const MessageScan& scan,
                      std::vector<std::string_view>& pieces) {
  size_t sent = 0;
  for (const size_t dot : scan.leading_dots) {
    // Ends with the dot; the next piece starts with the same dot.
    pieces.push_back(message.substr(sent, dot + 1 - sent));
    sent = dot;
  }
  if (sent < message.size()) pieces.push_back(message.substr(sent));
  pieces.emplace_back(message.empty() || scan.ends_with_crlf ? ".\r\n" : "\r\n.\r\n");
}

}  // namespace lmsmail::smtp
