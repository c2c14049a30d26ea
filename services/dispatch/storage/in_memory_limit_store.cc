#include "services/dispatch/storage/in_memory_limit_store.h"

#include <algorithm>
#include <cmath>
#include <iterator>

namespace lmsmail::dispatch {

double InMemoryLimitStore::ShareOf(const State& state, absl::Time now) {
  return std::min(
      1.0, state.share * std::exp2(absl::FDivDuration(now - state.throttle_time, kDoubling)));
}

double InMemoryLimitStore::RateOf(const State& state, const RateRule& rule, double share) {
  if (rule.per_second > 0) return rule.per_second * share;
  return share < 1 ? state.measured * share : 0;
}

absl::StatusOr<Permits> InMemoryLimitStore::Acquire(const LimitStore::Request& request) {
  absl::MutexLock lock(&mutex_);
  const absl::Time now = clock_.Now();
  State& state = states_[request.key];
  const double rate = RateOf(state, request.rule, ShareOf(state, now));
  if (rate == 0) return Permits{request.count, absl::ZeroDuration(), absl::ZeroDuration()};
  if (request.fresh && state.waitlist_ends[request.waitlist] > now) return Permits{};
  const absl::Time first = std::max(state.next_permit, now - ToleranceOf(request.rule));
  const absl::Duration interval = absl::Seconds(1 / rate);
  const double fit = std::floor(absl::FDivDuration(now + request.ahead - first, interval)) + 1;
  const int count = static_cast<int>(std::clamp<double>(fit, 0, request.count));
  if (count > 0) state.next_permit = first + count * interval;
  return Permits{count, first - now, interval};
}

absl::StatusOr<Permits> InMemoryLimitStore::Reserve(const LimitStore::Request& request) {
  absl::MutexLock lock(&mutex_);
  const absl::Time now = clock_.Now();
  State& state = states_[request.key];
  // At the full rate, even while the key is throttled: positions stay as they are when the rate
  // recovers.
  const double rate =
      request.rule.per_second > 0 ? request.rule.per_second : std::max(state.measured, 1.0);
  absl::Time& end =
      state.waitlist_ends.try_emplace(request.waitlist, absl::InfinitePast()).first->second;
  const absl::Time first = std::max({end, state.next_permit, now});
  const absl::Duration interval = absl::Seconds(1 / rate);
  end = first + request.count * interval;
  return Permits{request.count, first - now, interval};
}

absl::Status InMemoryLimitStore::Throttle(std::string_view key, const RateRule& rule,
                                          const Load& load) {
  absl::MutexLock lock(&mutex_);
  const absl::Time now = clock_.Now();
  State& state = states_[std::string(key)];
  if (now - state.throttle_time < kThrottleInterval) return absl::OkStatus();
  const double share = ShareOf(state, now);
  if (rule.per_second <= 0 && share >= 1) state.measured = std::max(load.per_second, kMinMeasured);
  state.share = std::max(kMinShare, share * (1 - load.refused_share / 2));
  state.throttle_time = now;
  return absl::OkStatus();
}

absl::StatusOr<std::vector<std::string>> InMemoryLimitStore::Throttled() {
  absl::MutexLock lock(&mutex_);
  std::vector<std::string> keys;
  for (const auto& [key, state] : states_) {
    if (ShareOf(state, clock_.Now()) < 1) keys.push_back(key);
  }
  return keys;
}

absl::StatusOr<int> InMemoryLimitStore::Share(const ConnectionShares::Request& request) {
  absl::MutexLock lock(&mutex_);
  const absl::Time now = clock_.Now();
  Holders& holders = connections_[request.key];
  std::erase_if(holders, [now](const auto& entry) { return entry.second.until < now; });
  const auto own =
      holders.try_emplace(request.holder, Holder{.joined = now, .asked = now, .until = now}).first;
  own->second.asked = now;
  own->second.until = now + request.lease;
  const bool share_in_use = std::ranges::any_of(
      holders, [own](const auto& other) { return other.second.asked < own->second.joined; });
  if (share_in_use) return 0;
  const int count = static_cast<int>(holders.size());
  const int rank = static_cast<int>(std::distance(holders.begin(), own));
  return request.total / count + (rank < request.total % count ? 1 : 0);
}

absl::Status InMemoryLimitStore::Leave(std::string_view holder) {
  absl::MutexLock lock(&mutex_);
  for (auto& [key, holders] : connections_) {
    if (const auto own = holders.find(holder); own != holders.end()) holders.erase(own);
  }
  return absl::OkStatus();
}

}  // namespace lmsmail::dispatch
