#include "services/dispatch/transports/circuit_breaker.h"

#include <fmt/format.h>

#include <algorithm>

#include "libs/telemetry/logging.h"
#include "services/dispatch/transports/remedies.h"
#include "services/dispatch/transports/reply_wording.h"

namespace lmsmail::dispatch {
namespace {

// Mail that comes while the probe is on its way waits this long.
constexpr absl::Duration kProbeWait = absl::Seconds(1);

CircuitBreaker::Cause CauseOf(const Refusal& refusal) {
  if (refusal.quota) return CircuitBreaker::Cause::kQuota;
  return refusal.all_mail ? CircuitBreaker::Cause::kLogin : CircuitBreaker::Cause::kSender;
}

// Whether it is about the transport and not about a single mail.
bool IsTransportError(const DeliveryResult& result) {
  return result.kind == DeliveryResult::Kind::kConnectionError ||
         (result.refusal && result.refusal->kind == Refusal::Kind::kSender);
}

std::string Describe(const DeliveryResult& result) {
  const std::string text = WithoutAddresses(result.reply_text);
  return result.reply_code == 0 ? text : fmt::format("{} {}", result.reply_code, text);
}

}  // namespace

std::string_view NameOf(CircuitBreaker::Cause cause) {
  switch (cause) {
    case CircuitBreaker::Cause::kSender:
      return "sender";
    case CircuitBreaker::Cause::kLogin:
      return "login";
    case CircuitBreaker::Cause::kQuota:
      return "quota";
  }
  return "";
}

TransportHealth CircuitBreaker::health() const {
  TransportHealth health;
  absl::MutexLock lock(&mutex_);
  health.last_error = last_error_;
  health.last_error_time = last_error_time_;
  if (open_) {
    health.state = TransportHealth::State::kBreakerOpen;
    health.since = open_->since;
    health.until = open_->until;
    health.probing = probing_;
    health.cause = NameOf(open_->cause);
    health.remedy = RemedyFor(open_->cause);
  } else if (const auto& outage = reachability_.outage()) {
    health.state = TransportHealth::State::kUnreachable;
    health.since = outage->since;
    health.until = outage->until;
    health.probing = outage->probing;
    health.cause = smtp::NameOf(outage->fault);
    health.remedy = RemedyFor(outage->fault);
  }
  return health;
}

int CircuitBreaker::in_flight() const {
  absl::MutexLock lock(&mutex_);
  return in_flight_;
}

std::optional<CircuitBreaker::Permission> CircuitBreaker::Admit() {
  Permission permission{.epoch = epoch_};
  if (open_) {
    if (probing_ || clock_.Now() < open_->until) return std::nullopt;
    probing_ = true;
    permission.probe = true;
  }
  permission.reaches = reachability_.outage() && reachability_.OnSend(clock_.Now());
  ++in_flight_;
  return permission;
}

DeliveryResult CircuitBreaker::BreakerOpen(absl::Time now) const {
  DeliveryResult result;
  result.kind = DeliveryResult::Kind::kBreakerOpen;
  result.reply_text = open_->detail;
  result.retry_time = std::max(open_->until, now + kProbeWait);
  return result;
}

void CircuitBreaker::Send(OutgoingMail mail, Done done) {
  std::optional<Permission> permission;
  DeliveryResult refused;
  {
    absl::MutexLock lock(&mutex_);
    permission = Admit();
    if (!permission) refused = BreakerOpen(clock_.Now());
  }
  if (!permission) return done(std::move(refused));
  mail.may_send = [this, permission = *permission, may_send = std::move(mail.may_send)] {
    return !IsRevoked(permission) && (!may_send || may_send());
  };
  inner_->Send(std::move(mail), [this, permission = *permission,
                                 done = std::move(done)](DeliveryResult result) mutable {
    done(OnResult(permission, std::move(result)));
  });
}

absl::StatusOr<std::string> CircuitBreaker::Test(absl::Duration timeout) {
  absl::StatusOr<std::string> report = inner_->Test(timeout);
  if (!report.ok()) return report;
  Close(std::nullopt);
  Reachability::Change change;
  {
    absl::MutexLock lock(&mutex_);
    change = reachability_.OnReached();
  }
  LogReachability(change);
  return report;
}

bool CircuitBreaker::IsRevoked(const Permission& permission) const {
  absl::MutexLock lock(&mutex_);
  return open_ && permission.epoch != epoch_;
}

bool CircuitBreaker::Observe(const Permission& permission, const DeliveryResult& result) {
  Reachability::Change change;
  bool may_close = false;
  {
    const absl::Time now = clock_.Now();
    absl::MutexLock lock(&mutex_);
    --in_flight_;
    if (IsTransportError(result)) {
      last_error_ = Describe(result);
      last_error_time_ = now;
    }
    change = reachability_.OnResult(result, permission.reaches, now);
    may_close = open_.has_value() || !refusals_.empty();
  }
  LogReachability(change);
  return may_close;
}

DeliveryResult CircuitBreaker::OnResult(const Permission& permission, DeliveryResult result) {
  const bool may_close = Observe(permission, result);
  if (result.kind == DeliveryResult::Kind::kCancelled) {
    absl::MutexLock lock(&mutex_);
    if (open_ && permission.epoch != epoch_) return BreakerOpen(clock_.Now());
  }
  if (result.kind == DeliveryResult::Kind::kAccepted) {
    if (may_close) Close(permission.epoch);
    return result;
  }
  if (!result.refusal || result.refusal->kind != Refusal::Kind::kSender) {
    OnOtherResult(permission, result.kind);
    return result;
  }
  if (!OnRefusal(permission, result)) return result;
  absl::MutexLock lock(&mutex_);
  return open_ ? BreakerOpen(clock_.Now()) : result;
}

bool CircuitBreaker::OnRefusal(const Permission& permission, const DeliveryResult& result) {
  const absl::Time now = clock_.Now();
  const Cause cause = CauseOf(*result.refusal);
  absl::Time until;
  bool first = false;
  {
    absl::MutexLock lock(&mutex_);
    // The mail was sent before the breaker opened or closed.
    if (permission.epoch != epoch_) return open_.has_value();
    if (!permission.probe && cause == Cause::kSender) {
      refusals_.push_back(now);
      while (refusals_.front() <= now - options_.window) refusals_.pop_front();
      if (static_cast<int>(refusals_.size()) < options_.refusals) return false;
    }
    Open(cause, now, result);
    until = open_->until;
    first = openings_ == 1;
  }
  LogOpening(first, cause, result, until);
  options_.changed(cause);
  return true;
}

void CircuitBreaker::OnOtherResult(const Permission& permission, DeliveryResult::Kind kind) {
  absl::MutexLock lock(&mutex_);
  if (!permission.probe || permission.epoch != epoch_) return;
  probing_ = false;
  const bool sent = kind != DeliveryResult::Kind::kCancelled && kind != DeliveryResult::Kind::kBusy;
  // The probe shows neither. The next one waits, because each is another login.
  if (sent) open_->until = clock_.Now() + options_.open_time.initial;
}

void CircuitBreaker::Open(Cause cause, absl::Time now, const DeliveryResult& result) {
  const retry::BackoffPolicy& open_time =
      cause == Cause::kQuota ? options_.quota_open_time : options_.open_time;
  ++epoch_;
  probing_ = false;
  refusals_.clear();
  const absl::Duration wait =
      std::max(retry::Backoff(open_time, ++openings_), result.refusal->retry_after);
  open_ = OpenState{.cause = cause,
                    .since = open_ ? open_->since : now,
                    .until = now + wait,
                    .detail = fmt::format("the server refuses us: {}", Describe(result))};
}

void CircuitBreaker::LogOpening(bool first, Cause cause, const DeliveryResult& result,
                                absl::Time until) const {
  telemetry::Log(first ? telemetry::Level::kError : telemetry::Level::kInfo,
                 first ? "circuit breaker opened: the server refuses us"
                       : "circuit breaker stays open: the server still refuses us",
                 {{"transport", info().name},
                  {"endpoint", info().endpoint},
                  {"cause", NameOf(cause)},
                  {"command", smtp::NameOf(result.command)},
                  {"code", result.reply_code},
                  {"enhanced_code", result.enhanced_code},
                  {"until", absl::FormatTime(until, absl::UTCTimeZone())},
                  {"remedy", RemedyFor(cause)}});
}

void CircuitBreaker::LogReachability(Reachability::Change change) const {
  if (change == Reachability::Change::kNone) return;
  if (change == Reachability::Change::kRegained) {
    return telemetry::LogInfo("the transport is reachable again", {{"transport", info().name}});
  }
  const TransportHealth now = health();
  telemetry::LogWarning("the transport is unreachable", {{"transport", info().name},
                                                         {"endpoint", info().endpoint},
                                                         {"cause", now.cause},
                                                         {"error", now.last_error},
                                                         {"remedy", now.remedy}});
}

// `epoch`: that of the accepted mail; mail of an earlier one shows nothing.
void CircuitBreaker::Close(std::optional<std::int64_t> epoch) {
  {
    absl::MutexLock lock(&mutex_);
    if (epoch && *epoch != epoch_) return;
    refusals_.clear();
    if (!open_) return;
    ++epoch_;
    openings_ = 0;
    probing_ = false;
    open_.reset();
  }
  telemetry::LogInfo("circuit breaker closed", {{"transport", info().name}});
  options_.changed(std::nullopt);
}

}  // namespace lmsmail::dispatch
