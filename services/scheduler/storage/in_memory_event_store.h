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
  absl::StatusOr<StoredEvent> Find(std::string_view event_id, absl::Time deadline) override;
  absl::StatusOr<std::vector<std::string>> PublishersOf(std::string_view key,
                                                        absl::Time deadline) override;
  absl::StatusOr<std::vector<Task>> Claim(absl::Time now, absl::Time lease_end, int limit,
                                          absl::Time deadline) override;
  absl::StatusOr<bool> Extend(const Task& task, absl::Time lease_end, absl::Time deadline) override;
  absl::Status Settle(const Task& task, const TaskResult& result, absl::Time deadline) override;
  absl::StatusOr<CancelledMail> CancelMail(const Task& task, absl::Time now, absl::Time since,
                                           absl::Time deadline) override;
  absl::StatusOr<std::optional<absl::Time>> OldestDue(absl::Time now, absl::Time deadline) override;
  absl::StatusOr<int> DropContentBefore(absl::Time time, int limit, absl::Time deadline) override;
  absl::StatusOr<int> DeleteBefore(absl::Time time, int limit, absl::Time deadline) override;

 private:
  struct StoredTask {
    Task task = {};
    TaskState state = TaskState::kPending;
    bool claimed = false;
    std::string detail = "";
    absl::Time due = {};
  };
  struct Entry {
    v1::Event event;
    std::int64_t digest = 0;
    absl::Time create_time;
    std::vector<std::int64_t> tasks = {};
    bool content_dropped = false;
  };

  StoredTask& TaskFor(const TaskPlan& plan, absl::Time now) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  StoredTask* Claimed(const Task& task) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  absl::Mutex mutex_;
  std::map<std::string, Entry, std::less<>> events_ ABSL_GUARDED_BY(mutex_);
  std::map<std::int64_t, StoredTask> tasks_ ABSL_GUARDED_BY(mutex_);
  std::int64_t last_task_ ABSL_GUARDED_BY(mutex_) = 0;
};

}  // namespace lmsmail::scheduler
