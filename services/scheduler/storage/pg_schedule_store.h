#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "libs/postgres/pool.h"
#include "services/scheduler/storage/schedule_store.h"

namespace lmsmail::scheduler {

// Uses the tables of migrations/. The methods for runs are in
// pg_schedule_runs.cc.
class PgScheduleStore final : public ScheduleStore {
 public:
  explicit PgScheduleStore(postgres::Pool& pool) : pool_(pool) {}

  absl::Status Create(const Schedule& schedule, const RequestRecord& request,
                      absl::Time deadline) override;
  absl::StatusOr<Schedule> Find(std::string_view id, absl::Time deadline) override;
  absl::StatusOr<std::vector<Schedule>> List(std::string_view after_id, int limit,
                                             absl::Time deadline) override;
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
  postgres::Pool& pool_;
};

}  // namespace lmsmail::scheduler
