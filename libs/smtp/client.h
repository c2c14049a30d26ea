#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/functional/any_invocable.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"

#include "libs/smtp/mail.h"
#include "libs/smtp/options.h"

namespace lmsmail::smtp {

// What Client::Check found out about the server.
struct ServerReport {
  std::string greeting;
  std::vector<std::string> capabilities;  // EHLO keywords with parameters, as in force for MAIL
  std::string tls;                        // "TLSv1.3 TLS_AES_256_GCM_SHA384"; empty without TLS
  std::string auth_mechanism;             // "PLAIN"; empty when none was used
};

// Sends mails to one server over a pool of persistent connections. Uses pipelining (RFC 2920) where
// the server supports it: a mail's message and the next mail's envelope leave in one write, so a
// mail costs one round trip.
//
// Owns one thread, which runs every callback. Callbacks must not block and must not call Shutdown,
// WaitUntilIdle, Check or the destructor.
//
// When no connection can be opened, every queued mail fails at once with kConnectionError; the
// caller decides when to retry. When a connection turns out to be dead before the server replied to
// MAIL, the client itself retries the mail on another connection.
class Client {
 public:
  using Done = absl::AnyInvocable<void(Result)>;
  // Called at every change of phase. It is called for kDotSent before the dot is sent, so that a
  // journal written here names every mail whose outcome a crash leaves unknown. The Result can say
  // kData after kDotSent, when the connection failed before the dot was handed to the network.
  using PhaseObserver = std::function<void(uint64_t token, Phase phase)>;

  // Called when a connection is ready for mail (OK), and when one could not be made or was lost
  // with a mail in progress (see FaultOf). Not called for a kept connection that the server had
  // closed, nor for Check.
  using ConnectionObserver = std::function<void(const absl::Status&)>;

  static absl::StatusOr<std::unique_ptr<Client>> Create(Options options,
                                                        PhaseObserver observer = nullptr,
                                                        ConnectionObserver connections = nullptr);
  ~Client();  // Shutdown(absl::ZeroDuration())
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  // Accepts `mail` and calls `done` exactly once. Returns false and leaves both unchanged when
  // max_queued mails are queued or the client is shut down. Checks the mail on the calling thread.
  // Thread-safe.
  [[nodiscard]] bool TrySend(Mail&& mail, Done&& done);

  // Changes Options::max_connections. Surplus connections close after their current mails. Zero
  // cancels queued and later mails. Thread-safe.
  void SetMaxConnections(size_t connections);

  // True once every accepted mail has its result; false after `timeout`.
  bool WaitUntilIdle(absl::Duration timeout) const;

  // Cancels queued mails, gives started ones `grace` to finish, then aborts them: kAmbiguous after
  // the final dot, kCancelled before it. Returns when every `done` has been called. Idempotent.
  void Shutdown(absl::Duration grace);

  // Opens a separate connection: connect, EHLO, TLS, AUTH, NOOP, QUIT. Blocks, for at most
  // `timeout`. Thread-safe.
  absl::StatusOr<ServerReport> Check(absl::Duration timeout = absl::InfiniteDuration());

 private:
  class Impl;
  explicit Client(std::unique_ptr<Impl> impl);

  std::unique_ptr<Impl> impl_;
};

}  // namespace lmsmail::smtp
