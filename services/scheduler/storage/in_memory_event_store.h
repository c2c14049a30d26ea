#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"

#include "services/scheduler/storage/event_store.h"

namespace lmsmail::scheduler {

class InMemoryEventStore final : public EventStore {
 public:
  absl::StatusOr<std::vector<AddResult>> Add(const std::vector<NewEvent>& events, absl::Time now,
                                             absl::Time deadline) override;
  absl::StatusOr<std::vector<AddResult>> Check(const std::vector<NewEvent>& events,
                                               absl::Time deadline) override;
  absl::StatusOr<std::vector<StoredEvent>> List(const EventQuery& query,
                                                absl::Time deadline) override;
  absl::StatusOr<int> Retry(std::string_view event_id, absl::Time now, absl::Time give_up_time,
                            absl::Time deadline) override;
  absl::StatusOr<std::vector<EventCount>> Count(absl::Time deadline) override;
  absl::StatusOr<StoredEvent> Find(std::string_view event_id, absl::Time deadline) override;
  absl::StatusOr<std::vector<std::string>> PublishersOf(std::string_view key,
                                                        absl::Time deadline) override;
  absl::StatusOr<std::vector<Task>> Claim(absl::Time now, absl::Time lease_end, int limit,
                                          absl::Time deadline) override;
  absl::StatusOr<bool> Extend(const Task& task, absl::Time lease_end, absl::Time deadline) override;
  absl::Status Settle(const Task& task, const TaskResult& result, absl::Time deadline) override;
  absl::StatusOr<std::vector<std::string>> AwaitedFacts(std::string_view after, int limit,
                                                        absl::Time deadline) override;
  absl::StatusOr<int> Wake(const std::vector<std::string>& facts, absl::Time now,
                           absl::Time deadline) override;
  absl::StatusOr<bool> HasUnrecordedFacts(std::string_view student, std::string_view course_id,
                                          absl::Time deadline) override;
  absl::StatusOr<PaymentState> FindPayment(std::string_view payment_id, std::string_view student,
                                           absl::Time deadline) override;
  absl::StatusOr<CancelledMail> CancelMail(const CancelScope& scope, absl::Time now,
                                           absl::Time since, absl::Time deadline) override;
  absl::Status MarkCancelled(std::string_view mail_key, std::string_view reason,
                             absl::Time deadline) override;
  absl::StatusOr<std::optional<absl::Time>> OldestDue(absl::Time now, absl::Time deadline) override;
  absl::StatusOr<int> DropContentBefore(absl::Time time, int limit, absl::Time deadline) override;
  absl::StatusOr<int> DeleteBefore(absl::Time time, int limit, absl::Time deadline) override;

 private:
  struct StoredTask {
    Task task = {};
    TaskState state = TaskState::kPending;
    bool claimed = false;
    bool cancelled = false;
    std::string detail = "";
    absl::Time due = {};

    bool IsWaiting() const {
      return state == TaskState::kPending && !claimed && !task.waits_for.empty();
    }
  };
  struct Entry {
    v1::Event event;
    std::int64_t digest = 0;
    absl::Time create_time;
    absl::Time arrival_time = {};
    NoMail no_mail = NoMail::kNo;
    std::vector<std::int64_t> tasks = {};
    bool content_dropped = false;
  };

  StoredTask& TaskFor(const TaskPlan& plan, absl::Time now) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  StoredTask& NewTask(const TaskPlan& plan) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  StoredEvent ToStored(const Entry& entry) const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  static bool IsInScope(const StoredTask& stored, const CancelScope& scope);
  StoredTask* Claimed(const Task& task) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  absl::Mutex mutex_;
  std::map<std::string, Entry, std::less<>> events_ ABSL_GUARDED_BY(mutex_);
  std::map<std::int64_t, StoredTask> tasks_ ABSL_GUARDED_BY(mutex_);
  std::int64_t last_task_ ABSL_GUARDED_BY(mutex_) = 0;
  absl::Time last_arrival_ ABSL_GUARDED_BY(mutex_) = absl::InfinitePast();
};

}  // namespace lmsmail::scheduler
