#include "services/scheduler/storage/in_memory_event_store.h"

#include <algorithm>

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
    for (const TaskPlan& plan : event.tasks) {
      StoredTask& task = TaskFor(plan, now);
      task.task.events.push_back(event.event);
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
        stored.task.give_up_time = plan.due_time + kGiveUpAfter;
      }
      return stored;
    }
  }
  const std::int64_t id = ++last_task_;
  StoredTask stored{
      .task = {.id = id, .plan = plan, .give_up_time = plan.due_time + kGiveUpAfter, .events = {}},
      .due = plan.due_time};
  if (plan.audience == Audience::kEnrolled) stored.task.plan.student.clear();
  return tasks_.emplace(id, std::move(stored)).first->second;
}

absl::StatusOr<StoredEvent> InMemoryEventStore::Find(std::string_view event_id, absl::Time) {
  absl::MutexLock lock(&mutex_);
  const auto found = events_.find(event_id);
  if (found == events_.end())
    return NotFound("event " + std::string(identity::SplitOwnedKey(event_id).key));
  StoredEvent event{.event = found->second.event,
                    .create_time = found->second.create_time,
                    .content_dropped = found->second.content_dropped};
  for (const std::int64_t id : found->second.tasks) {
    const StoredTask& task = tasks_.at(id);
    event.tasks.push_back({task.task.plan.kind, task.state, task.detail});
  }
  return event;
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
  if (result.state == TaskState::kPending) stored->due = result.retry_time;
  return absl::OkStatus();
}

absl::StatusOr<CancelledMail> InMemoryEventStore::CancelMail(const Task& task, absl::Time now,
                                                             absl::Time since, absl::Time) {
  absl::MutexLock lock(&mutex_);
  CancelledMail mail;
  for (auto& [id, stored] : tasks_) {
    const TaskPlan& plan = stored.task.plan;
    if (id >= task.id || plan.kind != TaskKind::kMail || !plan.cancellable ||
        plan.course_id != task.plan.course_id) {
      continue;
    }
    const bool everyone = plan.student.empty();
    if (!everyone && plan.student != task.plan.student) continue;
    const bool in_progress = stored.claimed && stored.due > now;
    const bool pending = stored.state == TaskState::kPending && !in_progress;
    if (pending && !everyone) {
      stored.state = TaskState::kDone;
      stored.claimed = false;
      stored.detail = "cancelled: the student left the course";
      ++mail.cancelled;
    } else if (in_progress) {
      ++mail.in_progress;
    } else if (stored.state != TaskState::kDone || stored.due <= since) {
      continue;
    }
    if (stored.task.attempts > 0) {
      mail.keys.push_back(everyone ? StudentKey(plan.mail_key, task.plan.student) : plan.mail_key);
    }
  }
  return mail;
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
                    [&](const v1::Event& event) { return event.event_id() == event_id; });
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
