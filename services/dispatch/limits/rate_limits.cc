#include "services/dispatch/limits/rate_limits.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "services/dispatch/transports/reply_classification.h"

namespace lmsmail::dispatch {
namespace {

constexpr absl::Duration kRefreshInterval = absl::Seconds(1);
// Turns are taken for so long at a time: a few statements a second, whatever the rate.
constexpr double kChunkSeconds = 0.25;
// How far ahead a turn may be. Urgent mail looks further, so that it gets one though ordinary mail
// takes all within its own reach. Fewer turns are waited for at high rates.
constexpr absl::Duration kOrdinaryAhead = absl::Seconds(1);
constexpr absl::Duration kUrgentAhead = absl::Seconds(2);
constexpr double kMostAhead = 500;
// While the store is away.
constexpr absl::Duration kOutageWait = absl::Seconds(2);

std::string TransportKey(std::string_view transport) {
  return fmt::format("transport:{}", transport);
}

absl::Duration AheadOf(const RateRule& rule, Line line) {
  const absl::Duration ahead = line == Line::kUrgent ? kUrgentAhead : kOrdinaryAhead;
  if (rule.per_second <= 0) return ahead;
  return std::min(ahead, absl::Seconds(kMostAhead / rule.per_second));
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
  // A group's name has no dot, a domain has.
  return fmt::format("domain:{}", group == group_of_domain_.end() ? domain : group->second);
}

// What its sender asked for, and no more than the operator grants every batch.
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
  if (nothing_configured_ && spared_.empty() && batch.per_second <= 0) return limits;
  if (batch.per_second > 0) limits.push_back({fmt::format("batch:{}", mail.batch), batch});
  const auto add = [&](std::string key, const RateRule& rule) {
    if (rule.per_second > 0 || spared_.contains(key)) limits.push_back({std::move(key), rule});
  };
  const auto group = group_of_domain_.find(domain);
  add(DomainKey(domain), group == group_of_domain_.end()
                             ? rules_.other_domain
                             : rules_.domain_groups.at(group->second).rule);
  const auto rule = rules_.transports.find(transport);
  add(TransportKey(transport), rule == rules_.transports.end() ? RateRule() : rule->second);
  return limits;
}

RateLimits::Answer RateLimits::Take(const Limit& limit, const Wish& wish) {
  const Line line = wish.urgent ? Line::kUrgent : Line::kOrdinary;
  LimitStore::Request request{.key = limit.key,
                              .rule = limit.rule,
                              .count = ChunkOf(limit.rule, wish.mails),
                              .ahead = AheadOf(limit.rule, line),
                              .line = line,
                              .fresh = wish.fresh};
  {
    absl::MutexLock lock(&mutex_);
    if (auto turn = HeldTurn(limit, line)) return {turn, {}};
    // Who had to line up a moment ago need not ask again for the next mail.
    if (wish.fresh) {
      if (const auto place = HeldPlace(limit, line)) return {std::nullopt, *place};
    }
  }
  if (TakeFromStore(request)) {
    absl::MutexLock lock(&mutex_);
    if (auto turn = HeldTurn(limit, line)) return {turn, {}};
  }
  {
    absl::MutexLock lock(&mutex_);
    if (const auto place = HeldPlace(limit, line)) return {std::nullopt, *place};
  }
  request.count = std::max(wish.mails, 1);
  if (JoinAtStore(request)) {
    absl::MutexLock lock(&mutex_);
    if (const auto place = HeldPlace(limit, line)) return {std::nullopt, *place};
  }
  return {std::nullopt, clock_.Now() + kOutageWait};
}

std::optional<Turn> RateLimits::HeldTurn(const Limit& limit, Line line) {
  const auto held = held_.find(limit.key);
  if (held == held_.end()) return std::nullopt;
  const absl::Time now = clock_.Now();
  const absl::Duration tolerance = ToleranceOf(limit.rule);
  std::deque<Run>& runs = held->second.turns;
  while (!runs.empty()) {
    Run& run = runs.front();
    if (run.count == 0) {
      runs.pop_front();
      continue;
    }
    if (run.next - now > AheadOf(limit.rule, line)) return std::nullopt;
    const Turn turn{run.next, run.next - run.skew + tolerance};
    --run.count;
    run.next += run.interval;
    if (run.interval == absl::ZeroDuration()) return Turn{now, absl::InfiniteFuture()};
    if (turn.until >= now) return turn;
  }
  return std::nullopt;
}

std::optional<absl::Time> RateLimits::HeldPlace(const Limit& limit, Line line) {
  const auto held = held_.find(limit.key);
  if (held == held_.end()) return std::nullopt;
  std::deque<Run>& runs = held->second.places[line];
  const absl::Time now = clock_.Now();
  for (; !runs.empty(); runs.pop_front()) {
    Run& run = runs.front();
    while (run.count > 0) {
      const absl::Time at = run.next;
      --run.count;
      run.next += run.interval;
      if (at >= now) return at;
    }
  }
  return std::nullopt;
}

bool RateLimits::TakeFromStore(const LimitStore::Request& request) {
  const absl::Time asked = clock_.Now();
  const absl::StatusOr<Turns> turns = store_.Take(request);
  if (!turns.ok()) {
    log_.Log(telemetry::Level::kWarning, "limits could not be asked", {{"error", turns.status()}});
    return false;
  }
  if (turns->count == 0) return false;
  const absl::Time now = clock_.Now();
  absl::MutexLock lock(&mutex_);
  Held& held = held_[request.key];
  // From when the answer came on, lest a turn be used early; until as if it had come at once.
  held.turns.push_back({turns->count, now + turns->first, turns->interval, now - asked});
  return true;
}

bool RateLimits::JoinAtStore(LimitStore::Request request) {
  const absl::StatusOr<Turns> places = store_.Join(request);
  if (!places.ok()) return false;
  const absl::Time now = clock_.Now();
  absl::MutexLock lock(&mutex_);
  // Another sender may not have given out all of its own.
  held_[request.key].places[request.line].push_back(
      {places->count, now + places->first, places->interval, absl::ZeroDuration()});
  return true;
}

void RateLimits::Answered(std::string_view domain, std::string_view transport,
                          const DeliveryResult& result) {
  const absl::Time now = clock_.Now();
  std::string domain_key = DomainKey(domain);
  std::string transport_key = TransportKey(transport);
  absl::MutexLock lock(&mutex_);
  answered_.Count(domain_key, now);
  answered_.Count(transport_key, now);
  const Throttled throttled = ThrottledBy(result);
  if (throttled == Throttled::kNothing) return;
  to_spare_.insert(throttled == Throttled::kTransport ? std::move(transport_key)
                                                      : std::move(domain_key));
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

void RateLimits::Refresh() {
  std::map<std::string, double> to_spare;  // with the rate that was too much
  {
    absl::MutexLock lock(&mutex_);
    const absl::Time now = clock_.Now();
    if (to_spare_.empty() && now - refreshed_ < kRefreshInterval) return;
    refreshed_ = now;
    for (const std::string& key : to_spare_) to_spare[key] = answered_.PerSecond(key, now);
    to_spare_.clear();
    std::erase_if(held_, [&](const auto& entry) {
      const auto idle = [&](const Run& run) {
        return run.count == 0 || run.next + run.count * run.interval < now - absl::Minutes(1);
      };
      return std::ranges::all_of(entry.second.turns, idle) &&
             std::ranges::all_of(entry.second.places, [&](const auto& places) {
               return std::ranges::all_of(places.second, idle);
             });
    });
  }
  for (const auto& [key, measured] : to_spare) {
    const absl::Status status = store_.Spare(key, RuleOf(key), measured);
    log_.Log(telemetry::Level::kInfo, "sending slower where it was asked for",
             {{"limit", key}, {"mails_per_second", measured}, {"status", status}});
  }
  const absl::StatusOr<std::vector<std::string>> spared = store_.Spared();
  if (!spared.ok()) return;
  absl::MutexLock lock(&mutex_);
  spared_ = {spared->begin(), spared->end()};
}

}  // namespace lmsmail::dispatch
