#include "services/dispatch/limits/rate_limits.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace lmsmail::dispatch {
namespace {

constexpr absl::Duration kRefreshInterval = absl::Seconds(1);
// Permits are acquired for this many seconds at a time: a few statements a second, whatever the
// rate.
constexpr double kChunkSeconds = 0.25;
// How far ahead a permit may be. Urgent mail looks further, so that it gets one although ordinary
// mail acquires all within its own reach. At high rates the limit is kMaxAhead permits.
constexpr absl::Duration kOrdinaryAhead = absl::Seconds(1);
constexpr absl::Duration kUrgentAhead = absl::Seconds(2);
constexpr double kMaxAhead = 500;
// A few mails tell neither the rate that a server bears nor which share it refuses: a low rate is
// taken for this one, and a share as if so many more mails had been accepted.
constexpr double kMinThrottledRate = 50;
constexpr double kBenefitOfTheDoubt = 10;
// While the store is unavailable.
constexpr absl::Duration kOutageRetry = absl::Seconds(2);

std::string TransportKey(std::string_view transport) {
  return fmt::format("transport:{}", transport);
}

absl::Duration AheadOf(const RateRule& rule, Waitlist waitlist) {
  const absl::Duration ahead = waitlist == Waitlist::kUrgent ? kUrgentAhead : kOrdinaryAhead;
  if (rule.per_second <= 0) return ahead;
  return std::min(ahead, absl::Seconds(kMaxAhead / rule.per_second));
}

int ChunkOf(const RateRule& rule, int mails) {
  if (rule.per_second <= 0) return mails;  // the store knows the rate
  const double chunk = std::max(rule.burst, std::ceil(rule.per_second * kChunkSeconds));
  return static_cast<int>(std::clamp<double>(mails, 1, chunk));
}

}  // namespace

RateLimits::RateLimits(LimitStore& store, const Clock& clock, LimitRules rules)
    : store_(store),
      clock_(clock),
      rules_(std::move(rules)),
      nothing_configured_(rules_.domain_groups.empty() && rules_.other_domain.per_second <= 0 &&
                          rules_.batch.per_second <= 0 &&
                          std::ranges::all_of(rules_.transports, [](const auto& transport) {
                            return transport.second.per_second <= 0;
                          })) {
  for (const auto& [name, group] : rules_.domain_groups) {
    for (const std::string& domain : group.domains) group_of_domain_[domain] = name;
  }
}

std::string RateLimits::DomainKey(std::string_view domain) const {
  const auto group = group_of_domain_.find(domain);
  // Names of groups have no dot; domains have one.
  return fmt::format("domain:{}", group == group_of_domain_.end() ? domain : group->second);
}

// The rate that the sender asked for, up to what the operator grants every batch.
RateRule RateLimits::BatchRule(const Mail& mail) const {
  if (mail.batch == 0) return {};
  const double asked = mail.batch_max_per_second;
  const double granted = rules_.batch.per_second;
  if (asked <= 0 || (granted > 0 && granted <= asked)) return rules_.batch;
  return {.per_second = asked};
}

std::vector<Limit> RateLimits::For(const Mail& mail, std::string_view domain,
                                   std::string_view transport) const {
  std::vector<Limit> limits;
  absl::MutexLock lock(&mutex_);
  const RateRule batch = BatchRule(mail);
  if (nothing_configured_ && throttled_.empty() && batch.per_second <= 0) return limits;
  if (batch.per_second > 0) limits.push_back({fmt::format("batch:{}", mail.batch), batch, false});
  const auto add = [&](std::string key, const RateRule& rule) {
    const bool throttled = throttled_.contains(key);
    if (rule.per_second > 0 || throttled) limits.push_back({std::move(key), rule, throttled});
  };
  const auto group = group_of_domain_.find(domain);
  add(DomainKey(domain), group == group_of_domain_.end()
                             ? rules_.other_domain
                             : rules_.domain_groups.at(group->second).rule);
  const auto rule = rules_.transports.find(transport);
  add(TransportKey(transport), rule == rules_.transports.end() ? RateRule() : rule->second);
  return limits;
}

RateLimits::Result RateLimits::Acquire(const Limit& limit, const Request& request) {
  const Waitlist waitlist = request.urgent ? Waitlist::kUrgent : Waitlist::kOrdinary;
  LimitStore::Request at_store{.key = limit.key,
                               .rule = limit.rule,
                               .count = ChunkOf(limit.rule, request.mails),
                               .ahead = AheadOf(limit.rule, waitlist),
                               .waitlist = waitlist,
                               .fresh = request.fresh};
  {
    absl::MutexLock lock(&mutex_);
    if (auto permit = ReservedPermit(limit, waitlist)) return {permit, {}};
    // Positions reserved for earlier mail show that the store has no permits for fresh mail.
    if (request.fresh) {
      if (const auto position = ReservedPosition(limit, waitlist)) return {std::nullopt, *position};
    }
  }
  if (AcquireFromStore(at_store)) {
    absl::MutexLock lock(&mutex_);
    if (auto permit = ReservedPermit(limit, waitlist)) return {permit, {}};
  }
  {
    absl::MutexLock lock(&mutex_);
    if (const auto position = ReservedPosition(limit, waitlist)) return {std::nullopt, *position};
  }
  at_store.count = std::max(request.mails, 1);
  if (ReserveAtStore(at_store)) {
    absl::MutexLock lock(&mutex_);
    if (const auto position = ReservedPosition(limit, waitlist)) return {std::nullopt, *position};
  }
  return {std::nullopt, clock_.Now() + kOutageRetry};
}

std::optional<Permit> RateLimits::ReservedPermit(const Limit& limit, Waitlist waitlist) {
  const auto reserved = reserved_.find(limit.key);
  if (reserved == reserved_.end()) return std::nullopt;
  const absl::Time now = clock_.Now();
  const absl::Duration tolerance = ToleranceOf(limit.rule);
  std::deque<Run>& runs = reserved->second.permits;
  while (!runs.empty()) {
    Run& run = runs.front();
    if (run.count == 0) {
      runs.pop_front();
      continue;
    }
    if (run.next - now > AheadOf(limit.rule, waitlist)) return std::nullopt;
    const Permit permit{run.next, run.next - run.skew + tolerance};
    --run.count;
    run.next += run.interval;
    if (run.interval == absl::ZeroDuration()) return Permit{now, absl::InfiniteFuture()};
    if (permit.until >= now) return permit;
  }
  return std::nullopt;
}

std::optional<absl::Time> RateLimits::ReservedPosition(const Limit& limit, Waitlist waitlist) {
  const auto reserved = reserved_.find(limit.key);
  if (reserved == reserved_.end()) return std::nullopt;
  std::deque<Run>& runs = reserved->second.positions[waitlist];
  const absl::Time now = clock_.Now();
  for (; !runs.empty(); runs.pop_front()) {
    Run& run = runs.front();
    while (run.count > 0) {
      const absl::Time position = run.next;
      --run.count;
      run.next += run.interval;
      if (position >= now) return position;
    }
  }
  return std::nullopt;
}

bool RateLimits::AcquireFromStore(const LimitStore::Request& request) {
  const absl::Time asked = clock_.Now();
  const absl::StatusOr<Permits> permits = store_.Acquire(request);
  if (!permits.ok()) {
    log_.Log(telemetry::Level::kWarning, "permits could not be acquired",
             {{"error", permits.status()}});
    return false;
  }
  if (permits->count == 0) return false;
  const absl::Time now = clock_.Now();
  absl::MutexLock lock(&mutex_);
  // A permit starts when the reply arrived, so that it is not used early, and ends as if the reply
  // had arrived at once.
  reserved_[request.key].permits.push_back(
      {permits->count, now + permits->first, permits->interval, now - asked});
  return true;
}

bool RateLimits::ReserveAtStore(const LimitStore::Request& request) {
  const absl::StatusOr<Permits> positions = store_.Reserve(request);
  if (!positions.ok()) return false;
  const absl::Time now = clock_.Now();
  absl::MutexLock lock(&mutex_);
  // Appended, because positions of another sender may be left.
  reserved_[request.key].positions[request.waitlist].push_back(
      {positions->count, now + positions->first, positions->interval, absl::ZeroDuration()});
  return true;
}

void RateLimits::OnResult(std::string_view domain, std::string_view transport,
                          const DeliveryResult& result) {
  const absl::Time now = clock_.Now();
  std::string domain_key = DomainKey(domain);
  std::string transport_key = TransportKey(transport);
  absl::MutexLock lock(&mutex_);
  results_.Count(domain_key, now);
  results_.Count(transport_key, now);
  const Throttled throttled = result.refusal ? result.refusal->throttled : Throttled::kNothing;
  if (throttled == Throttled::kNothing) return;
  std::string& key = throttled == Throttled::kTransport ? transport_key : domain_key;
  refusals_.Count(key, now);
  to_throttle_.insert(std::move(key));
}

LimitStore::Load RateLimits::LoadOf(const std::string& key, absl::Time now) {
  return {.per_second = std::max(results_.PerSecond(key, now), kMinThrottledRate),
          .refused_share =
              refusals_.Recent(key, now) / (results_.Recent(key, now) + kBenefitOfTheDoubt)};
}

RateRule RateLimits::RuleOf(std::string_view key) const {
  const std::string_view name = key.substr(key.find(':') + 1);
  if (key.starts_with("transport:")) {
    const auto rule = rules_.transports.find(name);
    return rule == rules_.transports.end() ? RateRule() : rule->second;
  }
  const auto group = rules_.domain_groups.find(std::string(name));
  return group == rules_.domain_groups.end() ? rules_.other_domain : group->second.rule;
}

void RateLimits::DropIdle(absl::Time now) {
  const auto idle = [now](const Run& run) {
    return run.count == 0 || run.next + run.count * run.interval < now - absl::Minutes(1);
  };
  std::erase_if(reserved_, [&](const auto& entry) {
    return std::ranges::all_of(entry.second.permits, idle) &&
           std::ranges::all_of(entry.second.positions, [&](const auto& positions) {
             return std::ranges::all_of(positions.second, idle);
           });
  });
}

void RateLimits::Refresh() {
  std::map<std::string, LimitStore::Load> too_high;
  {
    absl::MutexLock lock(&mutex_);
    const absl::Time now = clock_.Now();
    if (to_throttle_.empty() && now - refreshed_ < kRefreshInterval) return;
    refreshed_ = now;
    for (const std::string& key : to_throttle_) too_high[key] = LoadOf(key, now);
    to_throttle_.clear();
    DropIdle(now);
  }
  for (const auto& [key, load] : too_high) {
    const absl::Status status = store_.Throttle(key, RuleOf(key), load);
    log_.Log(telemetry::Level::kInfo, "adaptive throttle: the server asked for fewer mails",
             {{"limit", key},
              {"mails_per_second", load.per_second},
              {"refused_share", load.refused_share},
              {"status", status}});
  }
  const absl::StatusOr<std::vector<std::string>> throttled = store_.Throttled();
  if (!throttled.ok()) return;
  absl::MutexLock lock(&mutex_);
  throttled_ = {throttled->begin(), throttled->end()};
}

}  // namespace lmsmail::dispatch
