#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "libs/status/error_details.h"
#include "services/dispatch/message/message_id.h"
#include "services/dispatch/storage/counter_values.h"
#include "services/dispatch/storage/in_memory_store.h"

namespace lmsmail::dispatch {
namespace {

constexpr absl::Duration kDay = absl::Hours(24);

absl::Time StartOfDay(absl::Time time) {
  return absl::UnixEpoch() + absl::Floor(time - absl::UnixEpoch(), kDay);
}

}  // namespace

MessageFacts InMemoryStore::FactsOf(const Entry& entry) const {
  MessageFacts facts;
  facts.far = entry.far;
  facts.cancelled = entry.cancelled;
  for (const auto& [step, recorded] : entry.outcomes) {
    if (!facts.sent && recorded.outcome.kind == Outcome::Kind::kSent) facts.sent = recorded;
  }
  if (!entry.outcomes.empty()) facts.latest = entry.outcomes.rbegin()->second;
  if (!entry.retries.empty()) {
    const Retried& retried = entry.retries.back();
    facts.retried = {retried.step, retried.time, std::max(retried.time, entry.mail.due_time)};
  }
  for (const auto& [id, claim] : claims_) {
    for (const Held& held : claim.mails) {
      if (held.id == entry.mail.id) facts.held_step = std::max(facts.held_step, held.as.step);
    }
  }
  return facts;
}

MessageRecord InMemoryStore::RecordOf(const Entry& entry) const {
  return MakeRecord(entry.mail, FactsOf(entry), clock_.Now());
}

absl::StatusOr<MessageId> InMemoryStore::FindByKey(std::string_view key) {
  absl::MutexLock lock(&mutex_);
  const auto found = keys_.find(key);
  if (found == keys_.end()) return NotFound(fmt::format("a message accepted as \"{}\"", key));
  return found->second.id;
}

absl::StatusOr<std::optional<KnownRequest>> InMemoryStore::FindRequest(
    std::string_view request_id) {
  absl::MutexLock lock(&mutex_);
  const auto found = requests_.lower_bound({std::string(request_id), 0});
  if (found == requests_.end() || found->first.first != request_id) return std::nullopt;
  const Request& request = found->second;
  KnownRequest known;
  known.digest = request.digest;
  known.batch = request.batch;
  if (request.batch) known.template_ref = batches_.at(request.accepted.batch).record.template_ref;
  known.first = request.accepted.items.at(0).id;
  return known;
}

absl::StatusOr<MessageRecord> InMemoryStore::Get(MessageId id) {
  absl::MutexLock lock(&mutex_);
  const auto found = entries_.find(id);
  if (found == entries_.end()) return NotFound(fmt::format("messages/{}", id));
  return RecordOf(found->second);
}

absl::StatusOr<History> InMemoryStore::Explain(MessageId id) {
  absl::MutexLock lock(&mutex_);
  const auto found = entries_.find(id);
  if (found == entries_.end()) return NotFound(fmt::format("messages/{}", id));
  const Entry& entry = found->second;
  History history;
  history.record = RecordOf(entry);
  for (const auto& [step, recorded] : entry.outcomes) history.outcomes.push_back(recorded);
  for (const Retried& retried : entry.retries) {
    history.retries.push_back({retried.time, retried.request_id});
  }
  history.cancel_requested = entry.cancelled;
  if (history.record.state == State::kSending) {
    for (const auto& [claim_id, claim] : claims_) {
      for (const Held& held : claim.mails) {
        if (held.id == id) history.claimed = claim.claimed;
      }
    }
  }
  for (const auto& [event_id, event] : entry.events) history.events.push_back(event);
  std::stable_sort(history.events.begin(), history.events.end(),
                   [](const auto& a, const auto& b) { return a.time < b.time; });
  return history;
}

bool InMemoryStore::Matches(const MessageFilter& filter, const Entry& entry) const {
  const Mail& mail = entry.mail;
  if (filter.target && mail.target != *filter.target) return false;
  if (!filter.template_key.empty() && mail.template_ref.key != filter.template_key) return false;
  if (filter.batch != 0 && mail.batch != filter.batch) return false;
  if (mail.due_time < filter.start) return false;
  if (filter.end > absl::UnixEpoch() && mail.due_time >= filter.end) return false;
  return !filter.state || RecordOf(entry).state == *filter.state;
}

absl::StatusOr<MessageLog::Page> InMemoryStore::List(const MessageFilter& filter, MessageId before,
                                                     int limit) {
  absl::MutexLock lock(&mutex_);
  Page page;
  auto it = before > 0 ? entries_.lower_bound(before) : entries_.end();
  while (it != entries_.begin()) {
    --it;
    if (!Matches(filter, it->second)) continue;
    if (page.records.size() == static_cast<std::size_t>(limit)) {
      page.next = page.records.back().mail.id;
      break;
    }
    page.records.push_back(RecordOf(it->second));
  }
  return page;
}

absl::StatusOr<BatchRecord> InMemoryStore::GetBatch(BatchId id) {
  absl::MutexLock lock(&mutex_);
  const auto found = batches_.find(id);
  if (found == batches_.end()) return NotFound(fmt::format("batches/{}", id));
  BatchRecord record = found->second.record;
  std::map<std::pair<Outcome::Kind, Reason>, std::int64_t> counts;
  std::int64_t recent = 0;
  for (const Tally& tally : tallies_) {
    if (tally.batch != id || !tally.outcome) continue;
    counts[*tally.outcome] += tally.count;
    if (tally.time > clock_.Now() - absl::Minutes(1)) recent += tally.count;
  }
  for (const auto& [what, count] : counts) {
    if (count != 0) record.counts.push_back({what.first, what.second, count});
  }
  record.recent_per_second = static_cast<double>(recent) / 60;
  return record;
}

absl::StatusOr<MessageLog::EventCounts> InMemoryStore::RecordEvents(
    absl::Span<const ProviderEvent> events) {
  absl::MutexLock lock(&mutex_);
  EventCounts counts;
  for (const ProviderEvent& event : events) {
    const auto found = entries_.find(event.message);
    if (found == entries_.end() || found->second.far) {
      ++counts.unknown;
      continue;
    }
    Entry& entry = found->second;
    const bool first_of_type =
        std::none_of(entry.events.begin(), entry.events.end(),
                     [&](const auto& e) { return e.second.type == event.type; });
    if (!entry.events
             .try_emplace(event.event_id, History::Event{event.time, event.type, event.detail})
             .second) {
      ++counts.duplicate;
      continue;
    }
    ++counts.recorded;
    if (first_of_type) {
      tallies_.push_back({event.time, entry.mail.lane, entry.mail.batch,
                          entry.mail.template_ref.key, 1, std::nullopt, event.type});
    }
  }
  std::map<MessageId, bool> arrived;
  for (const ProviderEvent& event : events) {
    if (ProvesArrival(event.type)) arrived[event.message] = true;
    if (event.type == kBouncedEvent) arrived.try_emplace(event.message, false);
  }
  for (const auto& [id, it_arrived] : arrived) {
    if (const auto found = entries_.find(id); found != entries_.end()) {
      ResolveUncertain(found->second, it_arrived);
    }
  }
  return counts;
}

void InMemoryStore::ResolveUncertain(Entry& entry, bool arrived) {
  const RecordedOutcome* const before = FinalOf(entry);
  if (before == nullptr || before->outcome.kind != Outcome::Kind::kUncertain) return;
  RecordedOutcome resolved{before->outcome, clock_.Now()};
  Outcome& outcome = resolved.outcome;
  ++outcome.step;
  outcome.kind = arrived ? Outcome::Kind::kSent : Outcome::Kind::kFailed;
  outcome.reason = arrived ? Reason::kNone : Reason::kBounced;
  outcome.reply_code = 0;
  outcome.enhanced_code.clear();
  outcome.reply_text = "the provider reported it";
  Count(entry, before->time, before->outcome.kind, before->outcome.reason, -1);
  Count(entry, resolved.time, outcome.kind, outcome.reason, 1);
  entry.outcomes.emplace(outcome.step, std::move(resolved));
}

absl::StatusOr<std::vector<AddressReport>> InMemoryStore::AddressReports(absl::Time since) {
  absl::MutexLock lock(&mutex_);
  std::vector<AddressReport> reports;
  for (const auto& [id, entry] : entries_) {
    for (const auto& [step, recorded] : entry.outcomes) {
      const Outcome& outcome = recorded.outcome;
      if (recorded.time < since || outcome.kind != Outcome::Kind::kFailed ||
          outcome.reason != Reason::kRecipientRejected) {
        continue;
      }
      reports.push_back({.message = id,
                         .event = 0,
                         .reply_code = outcome.reply_code,
                         .enhanced_code = outcome.enhanced_code,
                         .detail = {}});
    }
    for (const auto& [event_id, event] : entry.events) {
      if (event.time < since) continue;
      if (event.type != kBouncedEvent && event.type != kComplainedEvent) continue;
      reports.push_back({.message = id,
                         .event = event.type,
                         .reply_code = 0,
                         .enhanced_code = {},
                         .detail = event.detail});
    }
  }
  return reports;
}

absl::StatusOr<std::vector<DayStats>> InMemoryStore::Stats(absl::Time start, absl::Time end,
                                                           std::string_view template_key) {
  absl::MutexLock lock(&mutex_);
  std::map<std::pair<absl::Time, std::string>, DayStats> days;
  const absl::Time from = StartOfDay(std::max(start, end - 366 * kDay));
  for (const Tally& tally : tallies_) {
    if (tally.time < from || tally.time >= end) continue;
    if (!template_key.empty() && tally.template_key != template_key) continue;
    const absl::Time day = StartOfDay(tally.time);
    DayStats& stats = days[{day, tally.template_key}];
    stats.day = day;
    stats.template_key = tally.template_key;
    if (tally.outcome) {
      CountOutcome(tally.outcome->first, tally.outcome->second, tally.count, stats);
    } else {
      CountEvent(tally.event, tally.count, stats);
    }
  }
  std::vector<DayStats> result;
  for (auto& [key, stats] : days) result.push_back(std::move(stats));
  return result;
}

absl::StatusOr<MessageLog::Recent> InMemoryStore::RecentOutcomes() {
  absl::MutexLock lock(&mutex_);
  const absl::Time now = clock_.Now();
  std::map<Lane, double> sent;
  std::map<State, std::int64_t> states;
  for (const Tally& tally : tallies_) {
    if (!tally.outcome || tally.time <= now - absl::Hours(1)) continue;
    states[StateOf(tally.outcome->first)] += tally.count;
    if (tally.outcome->first == Outcome::Kind::kSent && tally.time > now - absl::Minutes(1)) {
      sent[tally.lane] += static_cast<double>(tally.count) / 60;
    }
  }
  return Recent{{sent.begin(), sent.end()}, {states.begin(), states.end()}};
}

}  // namespace lmsmail::dispatch
