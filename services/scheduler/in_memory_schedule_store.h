#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"

#include "services/scheduler/in_memory_request_store.h"
#include "services/scheduler/schedule_store.h"

namespace lmsmail::scheduler {

// Has no schedules from the start, so none is ever unstarted.
class InMemoryScheduleStore final : public ScheduleStore {
 public:
  explicit InMemoryScheduleStore(InMemoryRequestStore& requests) : requests_(requests) {}

  absl::Status Create(const Schedule& schedule, const RequestRecord& request,
                      absl::Time deadline) override;
  absl::StatusOr<Schedule> Find(std::string_view id, absl::Time deadline) override;
  absl::StatusOr<std::vector<Schedule>> List(std::string_view after_id, int limit,
                                             absl::Time deadline) override;
  absl::Status Update(const Schedule& schedule, absl::Time deadline) override;
  absl::Status Delete(std::string_view id, std::optional<std::int64_t> revision,
                      absl::Time deadline) override;
  absl::StatusOr<std::vector<Schedule>> ListUnstarted(absl::Time) override {
    return std::vector<Schedule>();
  }
  absl::Status Start(const Schedule&, absl::Time) override { return absl::OkStatus(); }
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
  absl::StatusOr<int> ForgetRuns(absl::Time before, absl::Time deadline) override;

 private:
  struct StoredRun {
    ScheduleRun run;
    absl::Time due;
    bool waits() const {
      return run.state == ScheduleRun::State::kPending || run.state == ScheduleRun::State::kRunning;
    }
  };
  using RunKey = std::pair<std::string, std::string>;

  StoredRun* OldestDue(absl::Time now) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  InMemoryRequestStore& requests_;
  absl::Mutex mutex_;
  std::map<std::string, Schedule, std::less<>> schedules_ ABSL_GUARDED_BY(mutex_);
  std::map<RunKey, StoredRun> runs_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace lmsmail::scheduler
