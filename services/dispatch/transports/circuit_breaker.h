#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"

#include "libs/clock/clock.h"
#include "libs/retry/backoff.h"
#include "services/dispatch/transports/reachability.h"
#include "services/dispatch/transports/transport.h"

namespace lmsmail::dispatch {

// A transport behind a circuit breaker. The breaker opens when the server refuses us, whoever the
// recipients are: a login no longer works, our address is blocked, a quota is used up. Every
// further mail would be refused too, and each refusal damages our reputation.
//
// A refused login or a used up quota opens it at once; other refusals of us could be about a single
// mail, so it takes several within a window and no accepted mail between them. While the breaker is
// open, Send answers kBreakerOpen and mail waits in the queue. Afterwards the breaker is half-open:
// one mail at a time is tried, the probe. A refusal opens the breaker for twice as long, an
// acceptance closes it. A successful Test closes it too.
//
// Mail that waits in the transport when the breaker opens is not sent either. A refusal that opens
// the breaker, or arrives while it is open, becomes kBreakerOpen: the mail is not the cause.
//
// A server that is not reached does not open the breaker. It is part of the transport's health, by
// which mail that can go another way is routed. Thread-safe.
class CircuitBreaker final : public Transport {
 public:
  // Why the breaker opened; in logs and metrics.
  enum class Cause : std::uint8_t { kSender, kLogin, kQuota };

  struct Options {
    int refusals = 3;  // within `window`, before the breaker opens
    absl::Duration window = absl::Minutes(1);
    retry::BackoffPolicy open_time = {.initial = absl::Minutes(1), .max = absl::Hours(1)};
    retry::BackoffPolicy quota_open_time = {.initial = absl::Hours(1), .max = absl::Hours(6)};
    Reachability::Options reachability = {};
    // Called when the breaker opens, also again after a probe, and when it closes (nullopt).
    std::function<void(std::optional<Cause>)> changed = [](std::optional<Cause>) {};
  };
  // `clock` must outlive this.
  CircuitBreaker(std::unique_ptr<Transport> inner, const Clock& clock, Options options)
      : inner_(std::move(inner)),
        clock_(clock),
        options_(std::move(options)),
        reachability_(options_.reachability) {}

  const TransportInfo& info() const override { return inner_->info(); }
  const SenderIdentity& sender() const override { return inner_->sender(); }
  TransportHealth health() const override;
  int in_flight() const override;
  bool needs_parts() const override { return inner_->needs_parts(); }
  int shared_connections() const override { return inner_->shared_connections(); }
  void SetConnections(int count) override { inner_->SetConnections(count); }
  void Send(OutgoingMail mail, Done done) override;
  absl::StatusOr<std::string> Test(absl::Duration timeout) override;
  void Shutdown(absl::Duration grace) override { inner_->Shutdown(grace); }

 private:
  // Permission to send one mail. An epoch ends when the breaker opens or closes.
  struct Permission {
    std::int64_t epoch = 0;
    bool probe = false;
    bool reaches = false;  // the probe of reachability_
  };
  struct OpenState {
    Cause cause = Cause::kSender;
    absl::Time since;
    absl::Time until;
    std::string detail;  // for operators
  };
  // nullopt while the breaker is open or a probe is on its way.
  std::optional<Permission> Admit() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  DeliveryResult BreakerOpen(absl::Time now) const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // Returns whether an accepted mail has anything to close: an open breaker, or counted refusals.
  bool Observe(const Permission& permission, const DeliveryResult& result);
  void LogReachability(Reachability::Change change) const;
  // Whether the breaker has opened since, so that mail which still waits in the transport is not
  // sent.
  bool IsRevoked(const Permission& permission) const;
  DeliveryResult OnResult(const Permission& permission, DeliveryResult result);
  // Returns whether the breaker is open now.
  bool OnRefusal(const Permission& permission, const DeliveryResult& result);
  void OnOtherResult(const Permission& permission, DeliveryResult::Kind kind);
  void Open(Cause cause, absl::Time now, const DeliveryResult& result)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void Close(std::optional<std::int64_t> epoch);
  // An outage is one error, however many probes are refused: `first` is false for them.
  void LogOpening(bool first, Cause cause, const DeliveryResult& result, absl::Time until) const;

  const std::unique_ptr<Transport> inner_;
  const Clock& clock_;
  const Options options_;
  mutable absl::Mutex mutex_;
  std::int64_t epoch_ ABSL_GUARDED_BY(mutex_) = 0;
  std::deque<absl::Time> refusals_ ABSL_GUARDED_BY(mutex_);
  int openings_ ABSL_GUARDED_BY(mutex_) = 0;  // since the breaker was closed
  std::optional<OpenState> open_ ABSL_GUARDED_BY(mutex_);
  bool probing_ ABSL_GUARDED_BY(mutex_) = false;
  Reachability reachability_ ABSL_GUARDED_BY(mutex_);
  std::string last_error_ ABSL_GUARDED_BY(mutex_);
  absl::Time last_error_time_ ABSL_GUARDED_BY(mutex_);
  int in_flight_ ABSL_GUARDED_BY(mutex_) = 0;
};

// "sender", "login", "quota"
std::string_view NameOf(CircuitBreaker::Cause cause);

}  // namespace lmsmail::dispatch
