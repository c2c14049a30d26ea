#pragma once

#include <cstdint>
#include <string_view>

namespace lmsmail::smtp {

// What a reply answers (RFC 5321 section 4.1.1). The values are stable.
enum class Command : uint8_t {
  kNone = 0,     // no reply: the client decided by itself, or the connection failed
  kConnect = 1,  // the greeting
  kEhlo = 2,     // HELO too
  kStartTls = 3,
  kAuth = 4,
  kMail = 5,
  kRcpt = 6,
  kData = 7,
  kMessage = 8,  // the final dot
  kRset = 9,
  kNoop = 10,
  kQuit = 11,
};

// For error messages: "the reply to MAIL", "the reply to the message".
constexpr std::string_view NameOf(Command command) {
  constexpr std::string_view kNames[] = {"no command",  "the connection", "EHLO", "STARTTLS",
                                         "AUTH",        "MAIL",           "RCPT", "DATA",
                                         "the message", "RSET",           "NOOP", "QUIT"};
  return kNames[static_cast<uint8_t>(command)];
}

}  // namespace lmsmail::smtp
