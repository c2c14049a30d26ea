#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "absl/functional/any_invocable.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"

#include "libs/address/email_address.h"
#include "libs/dkim/signer.h"
#include "libs/return_path/return_path.h"
#include "libs/smtp/command.h"
#include "libs/smtp/fault.h"
#include "services/dispatch/transports/health.h"
#include "services/dispatch/transports/mail_parts.h"
#include "services/dispatch/transports/refusal.h"

namespace lmsmail::dispatch {

// The sender of a transport's mail.
struct SenderIdentity {
  address::Mailbox from;
  std::optional<address::Mailbox> reply_to;
  std::string envelope_from;  // receives bounces
  // Makes an envelope sender at `bounce_domain` for each mail; null: all have `envelope_from`.
  std::shared_ptr<const return_path::ReturnPaths> return_paths = nullptr;
  std::string bounce_domain = {};
  std::shared_ptr<const dkim::Signer> signer;  // null: mail goes unsigned
  // Whether a provider builds the message of our header fields and the parts of the mail.
  bool provider_builds = false;
};

// One rendered mail to one address.
struct OutgoingMail {
  std::uint64_t token = 0;  // identifies the mail in the journal
  bool urgent = false;      // may use capacity that is reserved for urgent mail
  std::string envelope_from;
  std::string recipient;
  std::string message;  // RFC 5322, CRLF; the header alone where the provider builds the message
  bool needs_smtputf8 = false;
  std::shared_ptr<const MailParts> parts = nullptr;  // for a transport that `needs_parts`
  // Whether the sender still holds the mail's lease, which may end while the mail waits in the
  // transport. A transport asks before it starts the mail and before it sends the message, and
  // answers kCancelled when it is false. Must not block. May be empty.
  std::function<bool()> may_send;
};

// The result of handing one mail over.
struct DeliveryResult {
  enum class Kind {
    kAccepted,
    kRefused,          // not delivered: the server or provider refused the mail
    kConnectionError,  // not delivered: there was no working session
    kAmbiguous,        // transmitted, but no reply came: it may have been delivered
    kCancelled,        // not delivered: shutdown, or may_send was false
    kBusy,             // not delivered: the transport's queue is full
    kBreakerOpen,      // not delivered: the circuit breaker is open until `retry_time`
  };
  Kind kind = Kind::kAccepted;
  // What the refusal means: of kRefused, and of kConnectionError when the server refused the
  // session, such as our login.
  std::optional<Refusal> refusal = std::nullopt;
  smtp::Command command = smtp::Command::kNone;  // what the server replied to
  int reply_code = 0;
  std::string enhanced_code = {};  // RFC 3463
  // The server's text, or an error description without addresses of ours.
  std::string reply_text = {};
  absl::Time retry_time = {};              // kBreakerOpen only
  smtp::Fault fault = smtp::Fault::kNone;  // kConnectionError only; kNone: not known
};

struct TransportInfo {
  std::string name;
  std::string kind;      // "smtp", "console"
  std::string endpoint;  // "smtp.example.org:587 (STARTTLS)"
};

// A transport of mail. Thread-safe.
class Transport {
 public:
  using Done = absl::AnyInvocable<void(DeliveryResult)>;
  virtual ~Transport() = default;

  virtual const TransportInfo& info() const = 0;
  virtual const SenderIdentity& sender() const = 0;
  // Whether mails need their parts, because a provider builds the message.
  virtual bool needs_parts() const { return false; }
  virtual TransportHealth health() const { return {}; }
  // The mails that Send has for which `done` was not called yet.
  virtual int in_flight() const { return 0; }
  // The number of connections that all replicas together may have open; 0: no such limit.
  virtual int shared_connections() const { return 0; }
  // Sets how many of the shared connections this replica may open. Starts at 0. Not called for a
  // transport without such a limit.
  virtual void SetConnections(int /*count*/) {}
  // Calls `done` exactly once, on any thread, possibly before it returns. `done` must not block.
  virtual void Send(OutgoingMail mail, Done done) = 0;
  // Connects and authenticates without sending mail. Returns a description of what was found.
  // Blocks, for at most `timeout`.
  virtual absl::StatusOr<std::string> Test(absl::Duration timeout) = 0;
  // Cancels what was not started, waits up to `grace` for the rest, then cancels that too. Every
  // `done` has been called when it returns.
  virtual void Shutdown(absl::Duration grace) = 0;
};

}  // namespace lmsmail::dispatch
