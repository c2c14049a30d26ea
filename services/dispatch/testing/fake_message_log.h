#pragma once

#include <map>
#include <optional>
#include <ranges>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "services/dispatch/testing/fake_queue_store.h"

namespace lmsmail::dispatch {

// The log of a FakeQueueStore, whose ids ascend with time. Events and canned results are not
// thread-safe.
class FakeMessageLog final : public MessageLog {
 public:
  explicit FakeMessageLog(FakeQueueStore& store) : store_(store) {}

  std::vector<DayStats> stats;                 // what Stats returns
  std::vector<AddressReport> address_reports;  // what AddressReports returns
  MessageFilter last_filter;                   // of List

  absl::StatusOr<std::map<std::string, MessageId>> FindByKey(std::string_view key,
                                                             absl::Time deadline) override {
    store_.NoteDeadline(deadline);
    absl::MutexLock lock(&store_.mutex_);
    std::map<std::string, MessageId> found;
    for (const auto& [stored, id] : store_.keys_) {
      const identity::OwnedKey owned = identity::SplitOwnedKey(stored);
      if (owned.key == key) found.emplace(owned.owner, id);
    }
    return found;
  }
  absl::StatusOr<std::optional<KnownRequest>> FindRequest(std::string_view request_id,
                                                          absl::Time deadline) override {
    store_.NoteDeadline(deadline);
    absl::MutexLock lock(&store_.mutex_);
    const auto found = store_.requests_.find({std::string(request_id), 0});
    if (found == store_.requests_.end()) return std::nullopt;
    const auto& [submission, accepted] = found->second;
    return KnownRequest{submission.digest, submission.batch, submission.template_ref,
                        accepted.items.front().id};
  }
  absl::StatusOr<MessageRecord> Get(MessageId id, absl::Time deadline) override {
    store_.NoteDeadline(deadline);
    absl::MutexLock lock(&store_.mutex_);
    const auto found = store_.entries_.find(id);
    if (found == store_.entries_.end()) return NotFound("the message");
    return store_.RecordOf(found->second);
  }
  absl::StatusOr<History> Explain(MessageId id, absl::Time deadline) override {
    store_.NoteDeadline(deadline);
    absl::MutexLock lock(&store_.mutex_);
    const auto found = store_.entries_.find(id);
    if (found == store_.entries_.end()) return NotFound("the message");
    History history = found->second.history;
    history.record = store_.RecordOf(found->second);
    return history;
  }
  absl::StatusOr<Page> List(const MessageFilter& filter, std::optional<Position> after, int limit,
                            absl::Time deadline) override {
    store_.NoteDeadline(deadline);
    last_filter = filter;
    absl::MutexLock lock(&store_.mutex_);
    Page page;
    for (const auto& [id, entry] : store_.entries_ | std::views::reverse) {
      const Mail& mail = entry.next.mail;
      if (after && mail.id >= after->id) continue;
      if (filter.target && mail.target != *filter.target) continue;
      if (!filter.template_key.empty() && mail.template_ref.key != filter.template_key) continue;
      if (static_cast<int>(page.records.size()) == limit) {
        const Mail& last = page.records.back().mail;
        page.next = {last.create_time, last.id};
        break;
      }
      page.records.push_back(store_.RecordOf(entry));
    }
    return page;
  }
  absl::StatusOr<BatchRecord> GetBatch(BatchId id, absl::Time deadline) override {
    store_.NoteDeadline(deadline);
    absl::MutexLock lock(&store_.mutex_);
    BatchRecord record = store_.batches_.at(id);
    for (const auto& [message, entry] : store_.entries_) {
      if (entry.next.mail.batch != id || !entry.ended) continue;
      const Outcome& outcome = entry.facts.latest->outcome;
      record.counts.push_back({outcome.kind, outcome.reason, 1});
    }
    return record;
  }
  absl::StatusOr<std::map<MessageId, Target>> Targets(absl::Span<const MessageId> ids,
                                                      absl::Time deadline) override {
    std::map<MessageId, Target> targets;
    for (const MessageId id : ids) {
      if (const auto record = Get(id, deadline); record.ok()) targets[id] = record->mail.target;
    }
    return targets;
  }
  absl::StatusOr<EventCounts> RecordEvents(absl::Span<const ProviderEvent> events,
                                           absl::Time deadline) override {
    store_.NoteDeadline(deadline);
    EventCounts counts;
    for (const ProviderEvent& event : events) {
      if (!Get(event.message, deadline).ok()) {
        ++counts.unknown;
      } else if (event_ids_.insert(event.event_id).second) {
        ++counts.recorded;
        absl::MutexLock lock(&store_.mutex_);
        store_.entries_.at(event.message)
            .history.events.push_back(
                {event.time, event.type, event.detail, event.event_id, event.machine});
      } else {
        ++counts.duplicate;
      }
    }
    return counts;
  }
  absl::StatusOr<std::vector<AddressReport>> AddressReports(absl::Time,
                                                            absl::Time deadline) override {
    store_.NoteDeadline(deadline);
    return address_reports;
  }
  absl::StatusOr<std::vector<DayStats>> Stats(absl::Time, absl::Time, std::string_view,
                                              absl::Time deadline) override {
    store_.NoteDeadline(deadline);
    return stats;
  }
  absl::StatusOr<Recent> RecentOutcomes(absl::Time deadline) override {
    store_.NoteDeadline(deadline);
    return Recent();
  }

 private:
  FakeQueueStore& store_;
  std::set<std::string> event_ids_;
};

}  // namespace lmsmail::dispatch
