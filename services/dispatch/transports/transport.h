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

namespace lmsmail::dispatch {

// Who a transport's mail comes from.
struct SenderIdentity {
  address::Mailbox from;
  std::optional<address::Mailbox> reply_to;
  std::string envelope_from;                   // where bounces go
  std::shared_ptr<const dkim::Signer> signer;  // null: mail goes unsigned
};

// One written mail to one address.
struct OutgoingMail {
  std::uint64_t token = 0;  // for the journal
  bool urgent = false;      // may use capacity that is kept free of ordinary mail
  std::string envelope_from;
  std::string recipient;
  std::string message;  // RFC 5322, CRLF
  bool needs_smtputf8 = false;
  // False once the sender has lost its right to the mail, which may happen while the mail waits in
  // the transport: then it is not begun, and its message is not sent. Must not block. May be empty.
  std::function<bool()> may_go;
};

// What the other side, or the way there, answered.
struct DeliveryResult {
  enum class Kind {
    kAccepted,
    kRejectedTemporary,  // 4yz
    kRejectedPermanent,  // 5yz
    kConnectionFault,    // certainly not delivered: no working session
    kAmbiguous,          // handed over, and no answer came: it may have arrived
    kCancelled,          // certainly not delivered: a shutdown, or it might no longer go
    kBusy,               // the transport takes no more right now
    kHeld,               // the transport takes none until `retry_time`
  };
  Kind kind = Kind::kAccepted;
  int reply_code = 0;
  std::string enhanced_code;   // RFC 3463
  std::string reply_text;      // the server's words, or what went wrong; no addresses of ours
  absl::Time retry_time = {};  // kHeld only
};

struct TransportInfo {
  std::string name;
  std::string kind;      // "smtp", "console"
  std::string endpoint;  // "smtp.example.org:587 (STARTTLS)"
};

// Why a way out takes no mail.
struct BreakerState {
  absl::Time until;
  std::string detail;  // for people
};

// A way out. Thread-safe.
class Transport {
 public:
  using Done = absl::AnyInvocable<void(DeliveryResult)>;
  virtual ~Transport() = default;

  virtual const TransportInfo& info() const = 0;
  virtual const SenderIdentity& sender() const = 0;
  // Present while it takes no mail.
  virtual std::optional<BreakerState> hold() const { return std::nullopt; }
  // Connections that all replicas together may have open; 0: as many as each is configured for.
  virtual int shared_connections() const { return 0; }
  // How many of those are this replica's; none at first. Not called where there is no limit.
  virtual void SetConnections(int /*count*/) {}
  // Calls `done` exactly once, on any thread, possibly before it returns. `done` must not block.
  virtual void Send(OutgoingMail mail, Done done) = 0;
  // Connects, greets and authenticates; sends nothing. What was found, in words. Blocks.
  virtual absl::StatusOr<std::string> Test() = 0;
  // Lets what has begun finish for `grace`, cancels the rest. Every `done` has been called when it
  // returns.
  virtual void Shutdown(absl::Duration grace) = 0;
};

}  // namespace lmsmail::dispatch
