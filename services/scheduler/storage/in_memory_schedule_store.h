#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"

#include "services/scheduler/storage/in_memory_resource_store.h"
#include "services/scheduler/storage/schedule_store.h"

namespace lmsmail::scheduler {

// Has no built-in schedules.
class InMemoryScheduleStore final : public InMemoryResourceStore<ScheduleStore, Schedule> {
 public:
  using InMemoryResourceStore::InMemoryResourceStore;

  absl::Status Update(const Schedule& schedule, absl::Time deadline) override;
  absl::Status Delete(std::string_view id, std::optional<std::int64_t> revision,
                      absl::Time deadline) override;
  absl::StatusOr<std::vector<Schedule>> ListDue(absl::Time now, int limit,
                                                absl::Time deadline) override;
  absl::StatusOr<bool> Fire(const Schedule& seen, const std::vector<absl::Time>& nominal_times,
                            std::optional<absl::Time> next_run_time, absl::Time now,
                            absl::Time deadline) override;
  absl::Status AddRun(const ScheduleRun& run, const RequestRecord& request,
                      absl::Time deadline) override;
  absl::StatusOr<ScheduleRun> FindRun(std::string_view schedule_id, std::string_view run_id,
                                      absl::Time deadline) override;
  absl::StatusOr<std::vector<ScheduleRun>> ListRuns(std::string_view schedule_id,
                                                    std::string_view before_run, int limit,
                                                    absl::Time deadline) override;
  absl::StatusOr<std::optional<ClaimedRun>> ClaimRun(absl::Time now, absl::Time lease_end,
                                                     absl::Time deadline) override;
  absl::Status SettleRun(const ScheduleRun& run, absl::Time due_time, absl::Time deadline) override;
  absl::StatusOr<std::optional<absl::Time>> OldestDueRun(absl::Time now,
                                                         absl::Time deadline) override;
  absl::StatusOr<int> DeleteRunsBefore(absl::Time time, absl::Time deadline) override;

 private:
  struct StoredRun {
    ScheduleRun run;
    absl::Time due;
    bool is_pending() const {
      return run.state == ScheduleRun::State::kPending || run.state == ScheduleRun::State::kRunning;
    }
  };
  using RunKey = std::pair<std::string, std::string>;

  StoredRun* OldestDue(absl::Time now) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  std::map<RunKey, StoredRun> runs_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace lmsmail::scheduler
