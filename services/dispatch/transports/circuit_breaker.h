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
#include "libs/retry/backoff.h"
#include "services/dispatch/transports/transport.h"

namespace lmsmail::dispatch {

// A transport behind a circuit breaker. The breaker opens when the server refuses us: a key was
// revoked, our address is blocked, a login no longer works. Every further mail would be refused
// too, and each refusal damages our reputation. While the breaker is open, Send answers
// kBreakerOpen and mail waits in the queue. After that time mail is tried again: the first refusal
// opens the breaker for twice as long, the first acceptance closes it. A successful Test closes it
// too. Thread-safe.
class CircuitBreaker final : public Transport {
 public:
  struct Options {
    int refusals = 3;  // within `window`, before the breaker opens
    absl::Duration window = absl::Minutes(1);
    retry::BackoffPolicy open_time = {.initial = absl::Minutes(1), .max = absl::Hours(1)};
    // Called when the breaker opens and when it closes.
    std::function<void(bool open)> changed = [](bool) {};
  };
  // `clock` must outlive this.
  CircuitBreaker(std::unique_ptr<Transport> inner, const Clock& clock, Options options)
      : inner_(std::move(inner)), clock_(clock), options_(std::move(options)) {}

  const TransportInfo& info() const override { return inner_->info(); }
  const SenderIdentity& sender() const override { return inner_->sender(); }
  std::optional<OpenBreaker> open_breaker() const override;
  int shared_connections() const override { return inner_->shared_connections(); }
  void SetConnections(int count) override { inner_->SetConnections(count); }
  void Send(OutgoingMail mail, Done done) override;
  absl::StatusOr<std::string> Test() override;
  void Shutdown(absl::Duration grace) override { inner_->Shutdown(grace); }

 private:
  void RecordResult(const DeliveryResult& result);
  void RecordRefusal(const DeliveryResult& result);
  void Close();

  const std::unique_ptr<Transport> inner_;
  const Clock& clock_;
  const Options options_;
  mutable absl::Mutex mutex_;
  std::deque<absl::Time> refusals_ ABSL_GUARDED_BY(mutex_);
  int openings_ ABSL_GUARDED_BY(mutex_) = 0;  // since a mail was accepted
  std::optional<OpenBreaker> open_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace lmsmail::dispatch
