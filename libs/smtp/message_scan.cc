#include "libs/smtp/message_scan.h"

#include <fmt/core.h>

#include <cstdint>
#include <cstring>

namespace lmsmail::smtp {
namespace {

const char* Find(const char* from, const char* end, char wanted) {
  return static_cast<const char*>(std::memchr(from, wanted, static_cast<size_t>(end - from)));
}

absl::Status Fault(std::string_view what, std::string_view message, const char* at) {
  return absl::InvalidArgumentError(fmt::format(
      "message: has {} at byte {}; lines must end in CRLF and hold neither CR, LF nor NUL", what,
      at - message.data()));
}

bool Has8Bit(std::string_view message) {
  uint64_t seen = 0;
  size_t i = 0;
  for (; i + sizeof(uint64_t) <= message.size(); i += sizeof(uint64_t)) {
    uint64_t word;
    std::memcpy(&word, message.data() + i, sizeof(word));
    seen |= word;
  }
  for (; i < message.size(); ++i) seen |= static_cast<uint8_t>(message[i]);
  return (seen & 0x8080808080808080u) != 0;
}

}  // namespace

absl::StatusOr<MessageScan> ScanMessage(std::string_view message) {
  MessageScan scan;
  const char* const begin = message.data();
  const char* const end = begin + message.size();
  if (message.empty()) return scan;
  if (const char* nul = Find(begin, end, '\0')) return Fault("a NUL", message, nul);

  const char* line = begin;
  while (line < end) {
    if (*line == '.') scan.leading_dots.push_back(static_cast<size_t>(line - begin));
    const char* const lf = Find(line, end, '\n');
    const char* const cr = Find(line, lf != nullptr ? lf : end, '\r');
    if (lf == nullptr) {
      if (cr != nullptr) return Fault("a bare CR", message, cr);
      break;
    }
    if (cr == nullptr) return Fault("a bare LF", message, lf);
    if (cr + 1 != lf) return Fault("a bare CR", message, cr);
    line = lf + 1;
  }
  scan.ends_with_crlf = line == end;
  scan.has_8bit = Has8Bit(message);
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
  pieces.push_back(message.empty() || scan.ends_with_crlf ? ".\r\n" : "\r\n.\r\n");
}

}  // namespace lmsmail::smtp
