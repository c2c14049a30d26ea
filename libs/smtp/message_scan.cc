#include "libs/smtp/message_scan.h"

#include <fmt/core.h>

#include "libs/strings/octets.h"

namespace lmsmail::smtp {
namespace {

constexpr auto kEndsOrFaults = [](Octets x) { return (x == '\0') | (x == '\r') | (x == '\n'); };
constexpr auto kIs8Bit = [](Octets x) { return x > 0x7f; };

absl::Status Fault(std::string_view what, size_t at) {
  return absl::InvalidArgumentError(fmt::format(
      "message: has {} at byte {}; lines must end in CRLF and hold neither CR, LF nor NUL", what,
      at));
}

}  // namespace

absl::StatusOr<MessageScan> ScanMessage(std::string_view message) {
  MessageScan scan;
  for (size_t line = 0; line < message.size();) {
    if (message[line] == '.') scan.leading_dots.push_back(line);
    const size_t at = line + FindOctet(message.substr(line), kEndsOrFaults);
    if (at == message.size()) break;
    if (message[at] == '\0') return Fault("a NUL", at);
    if (message[at] == '\n') return Fault("a bare LF", at);
    if (message.substr(at, 2) != "\r\n") return Fault("a bare CR", at);
    line = at + 2;
    scan.ends_with_crlf = line == message.size();
  }
  scan.has_8bit = FindOctet(message, kIs8Bit) < message.size();
  return scan;
}

void AppendDotStuffed(std::string_view message, const MessageScan& scan,
                      std::vector<std::string_view>& pieces) {
  size_t sent = 0;
  for (const size_t dot : scan.leading_dots) {
    // Up to and with the dot; the rest of the line follows with the dot once more.
    pieces.push_back(message.substr(sent, dot + 1 - sent));
    sent = dot;
  }
  if (sent < message.size()) pieces.push_back(message.substr(sent));
  pieces.emplace_back(message.empty() || scan.ends_with_crlf ? ".\r\n" : "\r\n.\r\n");
}

}  // namespace lmsmail::smtp
