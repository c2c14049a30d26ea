#include "services/dispatch/transports/circuit_breaker.h"

#include <fmt/format.h>

#include "libs/telemetry/logging.h"
#include "services/dispatch/transports/reply_classification.h"

namespace lmsmail::dispatch {

std::optional<OpenBreaker> CircuitBreaker::open_breaker() const {
  const absl::Time now = clock_.Now();
  absl::MutexLock lock(&mutex_);
  return open_ && now < open_->until ? open_ : std::nullopt;
}

void CircuitBreaker::Send(OutgoingMail mail, Done done) {
  if (const std::optional<OpenBreaker> open = open_breaker()) {
    DeliveryResult result;
    result.kind = DeliveryResult::Kind::kBreakerOpen;
    result.reply_text = open->detail;
    result.retry_time = open->until;
    return done(std::move(result));
  }
  inner_->Send(std::move(mail), [this, done = std::move(done)](DeliveryResult result) mutable {
    RecordResult(result);
    done(std::move(result));
  });
}

absl::StatusOr<std::string> CircuitBreaker::Test() {
  absl::StatusOr<std::string> report = inner_->Test();
  if (report.ok()) Close();
  return report;
}

void CircuitBreaker::RecordResult(const DeliveryResult& result) {
  if (result.kind == DeliveryResult::Kind::kAccepted) return Close();
  if (RefusesSender(result)) RecordRefusal(result);
}

void CircuitBreaker::RecordRefusal(const DeliveryResult& result) {
  const absl::Time now = clock_.Now();
  OpenBreaker open;
  {
    absl::MutexLock lock(&mutex_);
    if (open_ && now < open_->until) return;  // a reply to mail sent before the breaker opened
    refusals_.push_back(now);
    while (refusals_.front() <= now - options_.window) refusals_.pop_front();
    const int threshold = openings_ > 0 ? 1 : options_.refusals;
    if (static_cast<int>(refusals_.size()) < threshold) return;
    refusals_.clear();
    open.until = now + retry::Backoff(options_.open_time, ++openings_);
    open.detail = fmt::format("the server refuses us: {} {}", result.reply_code, result.reply_text);
    open_ = open;
  }
  telemetry::LogError("circuit breaker opened: the server refuses us",
                      {{"transport", info().name},
                       {"code", result.reply_code},
                       {"enhanced_code", result.enhanced_code},
                       {"until", absl::FormatTime(open.until, absl::UTCTimeZone())}});
  options_.changed(true);
}

void CircuitBreaker::Close() {
  {
    absl::MutexLock lock(&mutex_);
    if (openings_ == 0) return refusals_.clear();
    openings_ = 0;
    refusals_.clear();
    open_.reset();
  }
  telemetry::LogInfo("circuit breaker closed", {{"transport", info().name}});
  options_.changed(false);
}

}  // namespace lmsmail::dispatch
