#include "services/scheduler/storage/in_memory_event_store.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <utility>

#include "libs/identity/owned_key.h"
#include "libs/status/error_details.h"
#include "services/scheduler/automations/mail_key.h"

namespace lmsmail::scheduler {

absl::StatusOr<std::vector<AddResult>> InMemoryEventStore::Add(const std::vector<NewEvent>& events,
                                                               absl::Time now, absl::Time) {
  absl::MutexLock lock(&mutex_);
  std::vector<AddResult> results;
  for (const NewEvent& event : events) {
    const std::string& id = event.event.event_id();
    const auto [entry, is_new] = events_.try_emplace(id, Entry{event.event, event.digest, now});
    if (!is_new) {
      results.push_back(entry->second.digest == event.digest ? AddResult::kDuplicate
                                                             : AddResult::kConflict);
      continue;
    }
    results.push_back(AddResult::kAdded);
    last_arrival_ = std::max(now, last_arrival_ + absl::Microseconds(1));
    entry->second.arrival_time = last_arrival_;
    entry->second.no_mail = event.no_mail;
    for (const TaskPlan& plan : event.tasks) {
      StoredTask& task = TaskFor(plan, now);
      task.task.events.push_back({event.event, last_arrival_});
      std::ranges::stable_sort(task.task.events, {}, [](const AcceptedEvent& accepted) {
        return std::pair(TimeOf(accepted.event), accepted.arrival_time);
      });
      entry->second.tasks.push_back(task.task.id);
    }
  }
  return results;
}

InMemoryEventStore::StoredTask& InMemoryEventStore::TaskFor(const TaskPlan& plan, absl::Time now) {
  for (auto& [id, stored] : tasks_) {
    const TaskPlan& other = stored.task.plan;
    const bool open = plan.window_end && other.window_end && *other.window_end > now &&
                      stored.state == TaskState::kPending && stored.task.attempts == 0;
    if (open && other.automation_id == plan.automation_id && other.course_id == plan.course_id) {
      return stored;
    }
    if (!plan.mail_key.empty() && other.mail_key == plan.mail_key) {
      if (stored.state == TaskState::kFailed) {
        stored.state = TaskState::kPending;
        stored.due = plan.due_time;
        stored.task.plan.give_up_time = plan.give_up_time;
        stored.task.plan.content = plan.content;
        stored.task.waits_for.clear();
      } else if (other.content != plan.content) {
        const std::string_view first =
            identity::SplitOwnedKey(stored.task.events.front().event.event_id()).key;
        TaskPlan refused = plan;
        refused.mail_key = refused.payment_id = "";
        StoredTask& conflict = NewTask(refused);
        conflict.state = TaskState::kFailed;
        conflict.detail =
            fmt::format("mail {} is that of event {}, which says something else; it is sent once",
                        plan.mail_key, first);
        return conflict;
      }
      return stored;
    }
  }
  return NewTask(plan);
}

InMemoryEventStore::StoredTask& InMemoryEventStore::NewTask(const TaskPlan& plan) {
  const std::int64_t id = ++last_task_;
  StoredTask stored{.task = {.id = id, .plan = plan}, .due = plan.due_time};
  if (plan.audience == Audience::kEnrolled) stored.task.plan.student.clear();
  return tasks_.emplace(id, std::move(stored)).first->second;
}

absl::StatusOr<StoredEvent> InMemoryEventStore::Find(std::string_view event_id, absl::Time) {
  absl::MutexLock lock(&mutex_);
  const auto found = events_.find(event_id);
  if (found == events_.end())
    return NotFound("event " + std::string(identity::SplitOwnedKey(event_id).key));
  return ToStored(found->second);
}

StoredEvent InMemoryEventStore::ToStored(const Entry& entry) const {
  StoredEvent event{.event = entry.event,
                    .create_time = entry.create_time,
                    .arrival_time = entry.arrival_time,
                    .no_mail = entry.no_mail,
                    .content_dropped = entry.content_dropped};
  for (const std::int64_t id : entry.tasks) {
    const StoredTask& task = tasks_.at(id);
    const bool waiting = task.state == TaskState::kPending && !task.task.waits_for.empty();
    event.tasks.push_back({task.task.plan.kind, waiting ? TaskState::kWaiting : task.state,
                           task.detail,
                           waiting ? task.task.waits_for : std::vector<std::string>()});
  }
  std::ranges::stable_sort(event.tasks, {}, &StoredEvent::TaskOutcome::kind);
  return event;
}

absl::StatusOr<std::vector<AddResult>> InMemoryEventStore::Check(
    const std::vector<NewEvent>& events, absl::Time) {
  absl::MutexLock lock(&mutex_);
  std::vector<AddResult> results;
  for (const NewEvent& event : events) {
    const auto found = events_.find(event.event.event_id());
    results.push_back(found == events_.end()                 ? AddResult::kAdded
                      : found->second.digest == event.digest ? AddResult::kDuplicate
                                                             : AddResult::kConflict);
  }
  return results;
}

absl::StatusOr<std::vector<StoredEvent>> InMemoryEventStore::List(const EventQuery& query,
                                                                  absl::Time) {
  absl::MutexLock lock(&mutex_);
  std::vector<StoredEvent> events;
  for (const auto& [id, entry] : events_) {
    StoredEvent stored = ToStored(entry);
    const v1::Event& event = stored.event;
    const bool wanted =
        (!query.state || stored.state() == *query.state) &&
        (query.type == EventType::kUnspecified || TypeOf(event) == query.type) &&
        (query.student.empty() || StudentOf(event) == query.student) &&
        (query.course_id.empty() || CourseOf(event).course_id() == query.course_id) &&
        (query.publisher.empty() || identity::SplitOwnedKey(id).owner == query.publisher) &&
        TimeOf(event) >= query.start_time && TimeOf(event) < query.end_time &&
        (!query.before || std::pair(stored.arrival_time, id) < *query.before);
    if (wanted) events.push_back(std::move(stored));
  }
  std::ranges::sort(events, std::ranges::greater(), &StoredEvent::arrival_time);
  if (std::ssize(events) > query.limit) events.resize(static_cast<std::size_t>(query.limit));
  return events;
}

absl::StatusOr<int> InMemoryEventStore::Retry(std::string_view event_id, absl::Time now,
                                              absl::Time give_up_time, absl::Time) {
  absl::MutexLock lock(&mutex_);
  const auto found = events_.find(event_id);
  if (found == events_.end()) return 0;
  int retried = 0;
  for (const std::int64_t id : found->second.tasks) {
    StoredTask& stored = tasks_.at(id);
    const TaskPlan& plan = stored.task.plan;
    if (plan.kind == TaskKind::kMail && plan.mail_key.empty()) continue;
    if (stored.state != TaskState::kFailed && !stored.IsWaiting()) continue;
    stored.state = TaskState::kPending;
    stored.due = now;
    stored.task.plan.give_up_time = give_up_time;
    ++retried;
  }
  return retried;
}

absl::StatusOr<std::vector<EventCount>> InMemoryEventStore::Count(absl::Time) {
  absl::MutexLock lock(&mutex_);
  std::map<std::pair<EventType, TaskState>, std::int64_t> counts;
  for (const auto& [id, entry] : events_) {
    const TaskState state = ToStored(entry).state();
    if (state != TaskState::kDone) ++counts[{TypeOf(entry.event), state}];
  }
  std::vector<EventCount> result;
  for (const auto& [key, count] : counts) result.push_back({key.first, key.second, count});
  return result;
}

absl::StatusOr<std::vector<std::string>> InMemoryEventStore::PublishersOf(std::string_view key,
                                                                          absl::Time) {
  absl::MutexLock lock(&mutex_);
  std::vector<std::string> publishers;
  for (const auto& [event_id, event] : events_) {
    const identity::OwnedKey id = identity::SplitOwnedKey(event_id);
    if (id.key == key && !id.owner.empty()) publishers.emplace_back(id.owner);
  }
  return publishers;
}

absl::StatusOr<std::vector<Task>> InMemoryEventStore::Claim(absl::Time now, absl::Time lease_end,
                                                            int limit, absl::Time) {
  absl::MutexLock lock(&mutex_);
  std::vector<StoredTask*> due;
  for (auto& [id, stored] : tasks_) {
    if (stored.state == TaskState::kPending && stored.due <= now) due.push_back(&stored);
  }
  std::ranges::stable_sort(due, {}, &StoredTask::due);
  if (static_cast<int>(due.size()) > limit) due.resize(static_cast<std::size_t>(limit));
  std::vector<Task> claimed;
  for (StoredTask* stored : due) {
    stored->claimed = true;
    stored->due = lease_end;
    ++stored->task.attempts;
    claimed.push_back(stored->task);
  }
  std::ranges::sort(claimed, {}, &Task::id);
  return claimed;
}

InMemoryEventStore::StoredTask* InMemoryEventStore::Claimed(const Task& task) {
  const auto found = tasks_.find(task.id);
  if (found == tasks_.end()) return nullptr;
  StoredTask& stored = found->second;
  const bool claimed = stored.claimed && stored.state == TaskState::kPending &&
                       stored.task.attempts == task.attempts;
  return claimed ? &stored : nullptr;
}

absl::StatusOr<bool> InMemoryEventStore::Extend(const Task& task, absl::Time lease_end,
                                                absl::Time) {
  absl::MutexLock lock(&mutex_);
  StoredTask* stored = Claimed(task);
  if (stored != nullptr) stored->due = lease_end;
  return stored != nullptr;
}

absl::Status InMemoryEventStore::Settle(const Task& task, const TaskResult& result, absl::Time) {
  absl::MutexLock lock(&mutex_);
  StoredTask* stored = Claimed(task);
  if (stored == nullptr) return absl::OkStatus();
  stored->state = result.state;
  stored->detail = result.detail;
  stored->claimed = false;
  stored->task.waits_for = result.waits_for;
  if (result.state == TaskState::kWaiting) stored->state = TaskState::kPending;
  if (stored->state == TaskState::kPending) stored->due = result.retry_time;
  return absl::OkStatus();
}

absl::StatusOr<std::vector<std::string>> InMemoryEventStore::AwaitedFacts(std::string_view after,
                                                                          int limit, absl::Time) {
  absl::MutexLock lock(&mutex_);
  std::set<std::string> facts;
  for (const auto& [id, stored] : tasks_) {
    if (!stored.IsWaiting()) continue;
    for (const std::string& fact : stored.task.waits_for) {
      if (fact > after) facts.insert(fact);
    }
  }
  std::vector<std::string> result(facts.begin(), facts.end());
  if (std::ssize(result) > limit) result.resize(static_cast<std::size_t>(limit));
  return result;
}

absl::StatusOr<int> InMemoryEventStore::Wake(const std::vector<std::string>& facts, absl::Time now,
                                             absl::Time) {
  absl::MutexLock lock(&mutex_);
  int woken = 0;
  for (auto& [id, stored] : tasks_) {
    if (!stored.IsWaiting() || stored.due <= now) continue;
    if (std::ranges::find_first_of(stored.task.waits_for, facts) == stored.task.waits_for.end()) {
      continue;
    }
    stored.due = now;
    ++woken;
  }
  return woken;
}

absl::StatusOr<bool> InMemoryEventStore::HasUnrecordedFacts(std::string_view student,
                                                            std::string_view course_id,
                                                            absl::Time) {
  absl::MutexLock lock(&mutex_);
  return std::ranges::any_of(tasks_, [&](const auto& item) {
    const TaskPlan& plan = item.second.task.plan;
    return plan.kind == TaskKind::kRecord && item.second.state == TaskState::kPending &&
           plan.course_id == course_id && (plan.student.empty() || plan.student == student);
  });
}

absl::StatusOr<PaymentState> InMemoryEventStore::FindPayment(std::string_view payment_id,
                                                             std::string_view student, absl::Time) {
  absl::MutexLock lock(&mutex_);
  PaymentState payment;
  for (const auto& [id, stored] : tasks_) {
    const TaskPlan& plan = stored.task.plan;
    if (plan.payment_id != payment_id || plan.student != student) continue;
    const bool pending = stored.state == TaskState::kPending;
    if (plan.kind == TaskKind::kCancelMail) {
      payment.refunded = true;
      payment.refund_pending |= pending;
    } else {
      payment.receipt_pending |= pending && stored.claimed;
      payment.receipt_sent |= stored.state == TaskState::kDone && !stored.cancelled;
      payment.receipt_cancelled |= stored.cancelled;
    }
  }
  return payment;
}

bool InMemoryEventStore::IsInScope(const StoredTask& stored, const CancelScope& scope) {
  const TaskPlan& plan = stored.task.plan;
  if (plan.kind != TaskKind::kMail || stored.cancelled || plan.mail_key.empty()) return false;
  if (plan.student.empty() ? !scope.copies : plan.student != scope.student) return false;
  if (scope.all) return true;
  if (!scope.payment_id.empty()) return plan.payment_id == scope.payment_id;
  const AcceptedEvent& last = stored.task.events.back();
  return plan.course_id == scope.course_id && plan.cancellable &&
         std::pair(TimeOf(last.event), last.arrival_time) <=
             std::pair(scope.event_time, scope.arrival_time);
}

absl::StatusOr<CancelledMail> InMemoryEventStore::CancelMail(const CancelScope& scope,
                                                             absl::Time now, absl::Time since,
                                                             absl::Time) {
  absl::MutexLock lock(&mutex_);
  CancelledMail mail;
  for (auto& [id, stored] : tasks_) {
    if (!IsInScope(stored, scope)) continue;
    const TaskPlan& plan = stored.task.plan;
    const bool everyone = plan.student.empty();
    const bool in_progress = stored.claimed && stored.due > now;
    const bool pending = stored.state == TaskState::kPending && !in_progress;
    if (pending && !everyone) {
      stored.state = TaskState::kDone;
      stored.claimed = false;
      stored.cancelled = true;
      stored.task.waits_for.clear();
      stored.detail = scope.reason;
      ++mail.cancelled;
    } else if (in_progress) {
      ++mail.in_progress;
    } else if (stored.state != TaskState::kDone || stored.due <= since) {
      continue;
    }
    if (stored.task.attempts > 0) {
      mail.keys.push_back(everyone ? StudentKey(plan.mail_key, scope.student) : plan.mail_key);
    }
  }
  return mail;
}

absl::Status InMemoryEventStore::MarkCancelled(std::string_view mail_key, std::string_view reason,
                                               absl::Time) {
  absl::MutexLock lock(&mutex_);
  for (auto& [id, stored] : tasks_) {
    if (stored.task.plan.mail_key != mail_key || stored.state != TaskState::kDone) continue;
    stored.cancelled = true;
    stored.detail = reason;
  }
  return absl::OkStatus();
}

absl::StatusOr<std::optional<absl::Time>> InMemoryEventStore::OldestDue(absl::Time now,
                                                                        absl::Time) {
  absl::MutexLock lock(&mutex_);
  std::optional<absl::Time> oldest;
  for (const auto& [id, stored] : tasks_) {
    if (stored.state == TaskState::kPending && stored.due <= now) {
      oldest = std::min(oldest.value_or(stored.due), stored.due);
    }
  }
  return oldest;
}

absl::StatusOr<int> InMemoryEventStore::DropContentBefore(absl::Time time, int limit, absl::Time) {
  absl::MutexLock lock(&mutex_);
  int dropped = 0;
  for (auto& [event_id, entry] : events_) {
    const bool pending = std::ranges::any_of(
        entry.tasks, [&](std::int64_t id) { return tasks_.at(id).state == TaskState::kPending; });
    if (entry.create_time >= time || entry.content_dropped || pending || dropped == limit) continue;
    entry.content_dropped = true;
    entry.event.Clear();
    entry.event.set_event_id(event_id);
    for (const std::int64_t id : entry.tasks) {
      StoredTask& task = tasks_.at(id);
      task.detail.clear();
      std::erase_if(task.task.events,
                    [&](const AcceptedEvent& event) { return event.event.event_id() == event_id; });
    }
    ++dropped;
  }
  return dropped;
}

absl::StatusOr<int> InMemoryEventStore::DeleteBefore(absl::Time time, int limit, absl::Time) {
  absl::MutexLock lock(&mutex_);
  int deleted = 0;
  std::erase_if(events_, [&](const auto& item) {
    const Entry& entry = item.second;
    const bool pending = std::ranges::any_of(
        entry.tasks, [&](std::int64_t id) { return tasks_.at(id).state == TaskState::kPending; });
    if (entry.create_time >= time || pending || deleted == limit) return false;
    ++deleted;
    return true;
  });
  return deleted;
}

}  // namespace lmsmail::scheduler
