#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "services/scheduler/schedules/schedule.h"
#include "services/scheduler/storage/resource_store.h"

namespace lmsmail::scheduler {

// A run that the caller has claimed, with its schedule as it is now.
struct ClaimedRun {
  Schedule schedule;
  ScheduleRun run;  // its `attempts` identifies this claim
};

// Schedules and their runs. Update() keeps the stored last_run_time; Delete() deletes the runs too.
class ScheduleStore : public ResourceStore<Schedule> {
 public:
  // Active schedules whose next_run_time is not after `now`.
  virtual absl::StatusOr<std::vector<Schedule>> ListDue(absl::Time now, int limit,
                                                        absl::Time deadline) = 0;
  // Creates a run for each nominal time that has none, and sets the schedule's next_run_time.
  // False, with nothing stored, when the schedule is no longer as in `seen`: another replica fired
  // it, or it was edited.
  virtual absl::StatusOr<bool> Fire(const Schedule& seen,
                                    const std::vector<absl::Time>& nominal_times,
                                    std::optional<absl::Time> next_run_time, absl::Time now,
                                    absl::Time deadline) = 0;

  // Adds a manual run. ALREADY_EXISTS when the request id is taken.
  virtual absl::Status AddRun(const ScheduleRun& run, const RequestRecord& request,
                              absl::Time deadline) = 0;
  virtual absl::StatusOr<ScheduleRun> FindRun(std::string_view schedule_id, std::string_view run_id,
                                              absl::Time deadline) = 0;
  // Newest first; those before `before_run`, or all when it is empty.
  virtual absl::StatusOr<std::vector<ScheduleRun>> ListRuns(std::string_view schedule_id,
                                                            std::string_view before_run, int limit,
                                                            absl::Time deadline) = 0;

  // Claims the run that has been due for longest, for this caller alone until `lease_end`.
  virtual absl::StatusOr<std::optional<ClaimedRun>> ClaimRun(absl::Time now, absl::Time lease_end,
                                                             absl::Time deadline) = 0;
  // Stores state, detail and end of a claimed run; a run that is pending again is due at
  // `due_time`. Does nothing when another replica has claimed the run since.
  virtual absl::Status SettleRun(const ScheduleRun& run, absl::Time due_time,
                                 absl::Time deadline) = 0;
  // The due time of the oldest due run that nobody has claimed.
  virtual absl::StatusOr<std::optional<absl::Time>> OldestDueRun(absl::Time now,
                                                                 absl::Time deadline) = 0;
  // Deletes runs that ended before `time`; returns how many.
  virtual absl::StatusOr<int> DeleteRunsBefore(absl::Time time, absl::Time deadline) = 0;
};

}  // namespace lmsmail::scheduler
