#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "absl/status/status.h"

namespace lmsmail::smtp {

// One transaction: one message to one recipient.
struct Mail {
  uint64_t token = 0;  // the caller's name for it, handed to the phase observer
  // Bare addresses without angle brackets. An empty sender is the null sender "<>". Anything that
  // could end the command line (control characters, spaces, angle brackets) is refused before it is
  // sent.
  std::string envelope_from;
  std::string recipient;
  // RFC 5322 with CRLF line ends, not yet dot-stuffed. A bare CR or LF or a NUL is refused.
  std::string message;
  // The message's header holds UTF-8 (RFC 6532). A non-ASCII envelope address implies it.
  bool needs_smtputf8 = false;
  // Asked before anything of the mail is sent and again before its message is; false ends it as
  // cancelled. For a sender that can lose its right to the mail while it waits here. Called on the
  // client's thread, so it must not block. Empty: it may go.
  std::function<bool()> may_send;
};

// How far a mail has come. Whether it may be sent again depends on this alone.
enum class Phase {
  kNotStarted,
  kEnvelope,  // MAIL, RCPT or DATA may have reached the server
  kData,      // part of the message may have, the final dot has not
  kDotSent,   // the final dot may have: the server may or may not have the mail
  kReplied,   // the server has said what it did
};

struct Result {
  enum class Kind {
    kAccepted,
    kRejectedTemporary,  // 4yz
    kRejectedPermanent,  // 5yz, or refused here before anything was sent (phase kNotStarted)
    kConnectionError,    // not delivered for want of a working session; safe to send again
    kAmbiguous,          // the final dot was sent and no answer understood
    kCancelled,          // by Shutdown or may_send, before the final dot; safe to send again
  };

  Kind kind = Kind::kCancelled;
  Phase phase = Phase::kNotStarted;
  int code = 0;               // the reply's three digits; 0 when there was no reply
  std::string enhanced_code;  // RFC 3463, "5.1.1"; empty when the server gave none
  // The server's text without the three digits, lines joined by a space, cut to 512 bytes, anything
  // but printable UTF-8 shown as '?'. Empty when the server said nothing.
  std::string reply;
  // OK exactly when accepted. Its message never holds an address or the message.
  absl::Status status;
};

std::string_view ToString(Phase phase);
std::string_view ToString(Result::Kind kind);

}  // namespace lmsmail::smtp
