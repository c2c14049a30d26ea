#include "services/dispatch/claiming/claimer.h"

#include <algorithm>
#include <utility>

namespace lmsmail::dispatch {
namespace {

constexpr absl::Duration kOutageInterval = absl::Milliseconds(500);
// Other replicas accept mail too, without a notification.
constexpr absl::Duration kMaxPollInterval = absl::Milliseconds(100);
constexpr absl::Duration kMinPollInterval = absl::Milliseconds(5);

}  // namespace

std::optional<TakenClaim> Claimer::TakeNext(const std::function<bool(Lane)>& wanted) {
  if (options_.yields_to != nullptr) options_.yields_to->Yield();
  outage_ = false;
  if (schedule_.Idle() && !MailIsDue()) return std::nullopt;
  for (const Lane lane : schedule_.Order(clock_.Now())) {
    if (!wanted(lane)) continue;
    if (!EnsureId()) break;
    if (std::optional<TakenClaim> taken = Take(lane)) return taken;
    if (outage_) break;
  }
  return std::nullopt;
}

bool Claimer::EnsureId() {
  if (next_id_ != 0) return true;
  const absl::StatusOr<ClaimId> id = queue_.NextClaimId();
  outage_ = !id.ok();
  if (outage_) {
    log_.Log(telemetry::Level::kWarning, "the queue is unavailable", {{"error", id.status()}});
    return false;
  }
  next_id_ = *id;
  if (options_.journal != nullptr) options_.journal->ClaimOpened(next_id_);
  return true;
}

std::optional<TakenClaim> Claimer::Take(Lane lane) {
  const absl::Time start = clock_.Now();
  absl::StatusOr<Claim> claim =
      in_doubt_ ? queue_.Resume(next_id_, options_.lease)
                : queue_.TakeDue(next_id_, options_.worker, lane, options_.batch, options_.lease);
  if (!claim.ok()) {
    outage_ = true;
    // Whatever the error is, the mail may be claimed.
    in_doubt_ = true;
    log_.Log(telemetry::Level::kWarning, "mail could not be claimed",
             {{"lane", NameOf(lane)}, {"error", claim.status()}});
    return std::nullopt;
  }
  const bool resumed = std::exchange(in_doubt_, false);
  if (claim->mails.empty()) {
    // An id whose claim was in doubt is not used again.
    if (resumed) {
      if (options_.journal != nullptr) options_.journal->ClaimEnded(next_id_);
      next_id_ = 0;
    } else {
      schedule_.FoundEmpty(lane, clock_.Now());
      empty_at_[lane] = start;
    }
    return std::nullopt;
  }
  metrics_.claim_seconds.Observe(absl::ToDoubleSeconds(clock_.Now() - start));
  const int mails = static_cast<int>(claim->mails.size());
  schedule_.Claimed(claim->lane, mails, mails >= options_.batch, clock_.Now());
  next_id_ = 0;
  return TakenClaim{*std::move(claim), start};
}

absl::Time Claimer::EmptyAt() const {
  absl::Time time = absl::InfiniteFuture();
  for (const Lane lane : options_.lanes) {
    const auto it = empty_at_.find(lane);
    time = std::min(time, it == empty_at_.end() ? absl::InfinitePast() : it->second);
  }
  return time;
}

bool Claimer::MailIsDue() {
  const absl::Time start = clock_.Now();
  const absl::StatusOr<std::optional<absl::Time>> due = queue_.NextDue(options_.lanes);
  outage_ = !due.ok();
  if (outage_) return false;
  next_due_ = *due;
  if (!next_due_ || *next_due_ > clock_.Now()) {
    for (const Lane lane : options_.lanes) empty_at_[lane] = start;
    return false;
  }
  schedule_.Wake();
  return true;
}

absl::Duration Claimer::PollInterval(const std::function<bool(Lane)>& wanted) const {
  if (outage_) return kOutageInterval;
  const absl::Time now = clock_.Now();
  if (schedule_.Idle()) {
    const absl::Duration until_due = next_due_ ? *next_due_ - now : kMaxPollInterval;
    return std::clamp(until_due, kMinPollInterval, kMaxPollInterval);
  }
  return std::clamp(schedule_.NextTry(wanted) - now, absl::ZeroDuration(), kMaxPollInterval);
}

}  // namespace lmsmail::dispatch
