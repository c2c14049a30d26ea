#include "services/dispatch/transports/circuit_breaker.h"

#include <fmt/format.h>

#include <algorithm>

#include "libs/telemetry/logging.h"
#include "services/dispatch/transports/reply_classification.h"

namespace lmsmail::dispatch {

std::optional<BreakerState> CircuitBreaker::hold() const {
  const absl::Time now = clock_.Now();
  absl::MutexLock lock(&mutex_);
  return hold_ && now < hold_->until ? hold_ : std::nullopt;
}

void CircuitBreaker::Send(OutgoingMail mail, Done done) {
  if (const std::optional<BreakerState> held = hold()) {
    DeliveryResult result;
    result.kind = DeliveryResult::Kind::kHeld;
    result.reply_text = held->detail;
    result.retry_time = held->until;
    return done(std::move(result));
  }
  inner_->Send(std::move(mail), [this, done = std::move(done)](DeliveryResult result) mutable {
    Note(result);
    done(std::move(result));
  });
}

absl::StatusOr<std::string> CircuitBreaker::Test() {
  absl::StatusOr<std::string> report = inner_->Test();
  if (report.ok()) Lift();
  return report;
}

void CircuitBreaker::Note(const DeliveryResult& result) {
  if (result.kind == DeliveryResult::Kind::kAccepted) return Lift();
  if (RefusesSender(result)) Refused(result);
}

void CircuitBreaker::Refused(const DeliveryResult& result) {
  const absl::Time now = clock_.Now();
  BreakerState hold;
  {
    absl::MutexLock lock(&mutex_);
    if (hold_ && now < hold_->until) return;  // an answer to what was under way
    refusals_.push_back(now);
    while (refusals_.front() <= now - options_.window) refusals_.pop_front();
    const int allowed = holds_ > 0 ? 1 : options_.refusals;
    if (static_cast<int>(refusals_.size()) < allowed) return;
    absl::Duration wait = options_.first_hold;
    for (int i = 0; i < holds_ && wait < options_.longest_hold; ++i) wait *= 2;
    ++holds_;
    refusals_.clear();
    hold.until = now + std::min(wait, options_.longest_hold);
    hold.detail = fmt::format("the server refuses us: {} {}", result.reply_code, result.reply_text);
    hold_ = hold;
  }
  telemetry::LogError("a transport is held: its server refuses us",
                      {{"transport", info().name},
                       {"code", result.reply_code},
                       {"enhanced_code", result.enhanced_code},
                       {"until", absl::FormatTime(hold.until, absl::UTCTimeZone())}});
  options_.changed(true);
}

void CircuitBreaker::Lift() {
  {
    absl::MutexLock lock(&mutex_);
    if (holds_ == 0) return refusals_.clear();
    holds_ = 0;
    refusals_.clear();
    hold_.reset();
  }
  telemetry::LogInfo("a transport is no longer held", {{"transport", info().name}});
  options_.changed(false);
}

}  // namespace lmsmail::dispatch
