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

// What Client::Check learnt about the server.
struct ServerReport {
  std::string greeting;
  std::vector<std::string>
      capabilities;            // EHLO keywords with their parameters, as in force for MAIL
  std::string tls;             // "TLSv1.3 TLS_AES_256_GCM_SHA384"; empty without TLS
  std::string auth_mechanism;  // "PLAIN"; empty when none was used
};

// Sends mails to one server over a pool of kept connections, pipelined (RFC 2920) where the server
// allows: a mail's body and the next mail's envelope leave in one write, so a mail costs one round
// trip.
//
// Owns one thread, on which every callback runs; callbacks must not block and must not call
// Shutdown, WaitUntilIdle, Check or the destructor. A second client makes a second thread.
//
// When no connection can be had, every waiting mail ends at once in kConnectionError; pacing the
// next try is the caller's. A mail whose connection proves dead before the server answered MAIL is
// sent again on another by itself.
class Client {
 public:
  using Done = absl::AnyInvocable<void(Result)>;
  // Called at every change of phase; for kDotSent before the dot leaves, so that a journal written
  // here names every mail that may be in doubt after a crash. A later Result can take kDotSent back
  // (kData) when the connection broke before the dot was handed to the network.
  using PhaseObserver = std::function<void(uint64_t token, Phase phase)>;

  static absl::StatusOr<std::unique_ptr<Client>> Create(Options options,
                                                        PhaseObserver observer = nullptr);
  ~Client();  // Shutdown(absl::ZeroDuration())
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  // Takes `mail` and calls `done` exactly once, or returns false with both untouched: max_queued
  // mails wait, or the client is shut down. Checks the mail on the calling thread. Thread-safe.
  [[nodiscard]] bool TrySend(Mail&& mail, Done&& done);

  // Changes Options::max_connections. Surplus connections close after the mails that they are
  // at. Zero cancels what waits and what comes. Thread-safe.
  void SetMaxConnections(size_t connections);

  size_t queued() const;     // accepted, not yet on a connection
  size_t in_flight() const;  // on a connection, not yet answered

  // True once every accepted mail has its result, false when `timeout` passes first.
  bool WaitUntilIdle(absl::Duration timeout) const;

  // Cancels what has not started, lets what has go on for `grace`, then breaks it off: kAmbiguous
  // after the final dot, kCancelled before. Returns when every `done` has been called. Idempotent.
  void Shutdown(absl::Duration grace);

  // Opens a connection of its own: connect, EHLO, TLS, AUTH, NOOP, QUIT. Blocks.
  absl::StatusOr<ServerReport> Check();

 private:
  class Impl;
  explicit Client(std::unique_ptr<Impl> impl);

  std::unique_ptr<Impl> impl_;
};

}  // namespace lmsmail::smtp
