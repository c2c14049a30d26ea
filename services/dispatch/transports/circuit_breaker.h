#pragma once

#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"

#include "libs/clock/clock.h"
#include "services/dispatch/transports/transport.h"

namespace lmsmail::dispatch {

// A transport that stops when the server refuses us: a revoked key, a blocked address, a login that
// no longer works. Every mail handed over then would be refused too, and each refusal makes our
// reputation worse. While it is held, mails are answered kHeld and wait in the queue. After the
// hold mails are tried again; the first refusal holds for twice as long, the first acceptance
// forgets all. A Test that succeeds lifts it. Thread-safe.
class CircuitBreaker final : public Transport {
 public:
  struct Options {
    int refusals = 3;  // within `window`
    absl::Duration window = absl::Minutes(1);
    absl::Duration first_hold = absl::Minutes(1);
    absl::Duration longest_hold = absl::Hours(1);
    // Called when it is held and when it no longer is.
    std::function<void(bool held)> changed = [](bool) {};
  };
  // `clock` must outlive this.
  CircuitBreaker(std::unique_ptr<Transport> inner, const Clock& clock, Options options)
      : inner_(std::move(inner)), clock_(clock), options_(std::move(options)) {}

  const TransportInfo& info() const override { return inner_->info(); }
  const SenderIdentity& sender() const override { return inner_->sender(); }
  std::optional<BreakerState> hold() const override;
  int shared_connections() const override { return inner_->shared_connections(); }
  void SetConnections(int count) override { inner_->SetConnections(count); }
  void Send(OutgoingMail mail, Done done) override;
  absl::StatusOr<std::string> Test() override;
  void Shutdown(absl::Duration grace) override { inner_->Shutdown(grace); }

 private:
  void Note(const DeliveryResult& result);
  void Refused(const DeliveryResult& result);
  void Lift();

  const std::unique_ptr<Transport> inner_;
  const Clock& clock_;
  const Options options_;
  mutable absl::Mutex mutex_;
  std::deque<absl::Time> refusals_ ABSL_GUARDED_BY(mutex_);
  int holds_ ABSL_GUARDED_BY(mutex_) = 0;  // since a mail was accepted
  std::optional<BreakerState> hold_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace lmsmail::dispatch
