#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "absl/status/status.h"

#include "libs/smtp/command.h"

namespace lmsmail::smtp {

// One transaction: one message to one recipient.
struct Mail {
  uint64_t token = 0;  // the caller's id for it, passed to the phase observer
  // Addresses without angle brackets. An empty sender is the null sender "<>". An address that
  // could end the command line (control characters, spaces, angle brackets) is rejected.
  std::string envelope_from;
  std::string recipient;
  // RFC 5322 with CRLF line ends, not dot-stuffed. A bare CR or LF or a NUL is rejected.
  std::string message;
  // The message's header holds UTF-8 (RFC 6532). A non-ASCII envelope address implies it.
  bool needs_smtputf8 = false;
  // Called before the envelope is sent and again before the message; false cancels the mail. For
  // senders whose claim on the mail can expire while it is queued here. Runs on the client's
  // thread, so it must not block. Empty: the mail may always be sent.
  std::function<bool()> may_send;
};

// How far a mail has got. This alone decides whether it may be sent again.
enum class Phase {
  kNotStarted,
  kEnvelope,  // MAIL, RCPT or DATA may have reached the server
  kData,      // part of the message may have, the final dot has not
  kDotSent,   // the final dot may have: the server may have the mail
  kReplied,   // the server has accepted or rejected it
};

struct Result {
  enum class Kind {
    kAccepted,
    kRejectedTemporary,  // 4yz
    kRejectedPermanent,  // 5yz, or rejected by the client before sending (phase kNotStarted)
    kConnectionError,    // not delivered: there was no working session; safe to send again
    kAmbiguous,          // the final dot was sent and no valid reply came
    kCancelled,          // by Shutdown or may_send, before the final dot; safe to send again
  };

  Kind kind = Kind::kCancelled;
  Phase phase = Phase::kNotStarted;
  Command command = Command::kNone;  // what the reply answers
  int code = 0;                      // the reply's three digits; 0 when there was no reply
  std::string enhanced_code;         // RFC 3463, "5.1.1"; empty when the server gave none
  // The reply's text without the three digits, its lines joined by spaces, at most 512 bytes, with
  // everything but printable UTF-8 as '?'. Empty when there was no reply.
  std::string reply;
  // OK exactly when accepted. Never holds an address or the message.
  absl::Status status;
};

}  // namespace lmsmail::smtp
