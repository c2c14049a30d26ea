#include "services/dispatch/transports/circuit_breaker.h"

#include <fmt/format.h>

#include <algorithm>

#include "libs/telemetry/logging.h"
#include "services/dispatch/transports/reply_wording.h"

namespace lmsmail::dispatch {
namespace {

// Mail that comes while the probe is on its way waits this long.
constexpr absl::Duration kProbeWait = absl::Seconds(1);

CircuitBreaker::Cause CauseOf(const Refusal& refusal) {
  if (refusal.quota) return CircuitBreaker::Cause::kQuota;
  return refusal.all_mail ? CircuitBreaker::Cause::kLogin : CircuitBreaker::Cause::kSender;
}

// What an operator should look at.
std::string_view RemedyFor(CircuitBreaker::Cause cause) {
  switch (cause) {
    case CircuitBreaker::Cause::kLogin:
      return "check the transport's username, password_file or token_file, tls and ehlo_name, or "
             "its "
             "api_key_file, region and domain, and whether the account is active; TestTransport "
             "closes the breaker";
    case CircuitBreaker::Cause::kQuota:
      return "the provider's sending quota is used up; mail goes on by itself when it is renewed";
    case CircuitBreaker::Cause::kSender:
      break;
  }
  return "check that the provider allows this sender address and domain (verification, SPF, DKIM, "
         "relaying) and whether our address is on a blocklist; TestTransport closes the breaker";
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

std::optional<OpenBreaker> CircuitBreaker::open_breaker() const {
  absl::MutexLock lock(&mutex_);
  return open_;
}

std::optional<CircuitBreaker::Permission> CircuitBreaker::Admit() {
  if (!open_) return Permission{epoch_, false};
  if (probing_ || clock_.Now() < open_->until) return std::nullopt;
  probing_ = true;
  return Permission{epoch_, true};
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
  if (report.ok()) Close(std::nullopt);
  return report;
}

bool CircuitBreaker::IsRevoked(const Permission& permission) const {
  absl::MutexLock lock(&mutex_);
  return open_ && permission.epoch != epoch_;
}

DeliveryResult CircuitBreaker::OnResult(const Permission& permission, DeliveryResult result) {
  if (result.kind == DeliveryResult::Kind::kCancelled) {
    absl::MutexLock lock(&mutex_);
    if (open_ && permission.epoch != epoch_) return BreakerOpen(clock_.Now());
  }
  if (result.kind == DeliveryResult::Kind::kAccepted) {
    Close(permission.epoch);
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
  }
  LogOpening(cause, result, until);
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
  open_ = OpenBreaker{.until = now + wait,
                      .detail = fmt::format("the server refuses us: {} {}", result.reply_code,
                                            WithoutAddresses(result.reply_text))};
}

void CircuitBreaker::LogOpening(Cause cause, const DeliveryResult& result, absl::Time until) const {
  telemetry::LogError("circuit breaker opened: the server refuses us",
                      {{"transport", info().name},
                       {"endpoint", info().endpoint},
                       {"cause", NameOf(cause)},
                       {"command", smtp::NameOf(result.command)},
                       {"code", result.reply_code},
                       {"enhanced_code", result.enhanced_code},
                       {"until", absl::FormatTime(until, absl::UTCTimeZone())},
                       {"remedy", RemedyFor(cause)}});
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
