#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"

#include "services/scheduler/request_store.h"
#include "services/scheduler/schedule.h"

namespace lmsmail::scheduler {

// A run that this replica works on, with its schedule as it is now.
struct ClaimedRun {
  Schedule schedule;
  ScheduleRun run;  // its `attempts` tells this claim from others of the same run
};

// Where schedules and their runs are kept. Each call is atomic and gives up at `deadline`.
// Thread-safe. Besides what is named here, calls fail with what libs/postgres/sql_error.h lists.
class ScheduleStore {
 public:
  virtual ~ScheduleStore() = default;

  // ALREADY_EXISTS when the id or the request id is taken; then nothing is stored.
  virtual absl::Status Create(const Schedule& schedule, const RequestRecord& request,
                              absl::Time deadline) = 0;
  // NOT_FOUND when there is none. Schedules that were not started yet count as paused ones.
  virtual absl::StatusOr<Schedule> Find(std::string_view id, absl::Time deadline) = 0;
  // By id, those after `after_id`.
  virtual absl::StatusOr<std::vector<Schedule>> List(std::string_view after_id, int limit,
                                                     absl::Time deadline) = 0;
  // Stores all but id, times of creation and last run. ABORTED when the stored revision is not one
  // below: somebody else was quicker.
  virtual absl::Status Update(const Schedule& schedule, absl::Time deadline) = 0;
  // With its runs. ABORTED when `revision` is given and another one is stored; NOT_FOUND when there
  // is none.
  virtual absl::Status Delete(std::string_view id, std::optional<std::int64_t> revision,
                              absl::Time deadline) = 0;

  // Schedules that come with the product and wait for their time zone. Start() gives them one.
  virtual absl::StatusOr<std::vector<Schedule>> ListUnstarted(absl::Time deadline) = 0;
  virtual absl::Status Start(const Schedule& schedule, absl::Time deadline) = 0;

  // Active ones whose next_run_time is not after `now`.
  virtual absl::StatusOr<std::vector<Schedule>> ListDue(absl::Time now, int limit,
                                                        absl::Time deadline) = 0;
  // Makes a run of each nominal time that has none, and moves `seen`'s next_run_time. False, with
  // nothing stored, when the schedule is no longer as seen: another replica was quicker, or it was
  // edited.
  virtual absl::StatusOr<bool> Fire(const Schedule& seen,
                                    const std::vector<absl::Time>& nominal_times,
                                    std::optional<absl::Time> next_run_time, absl::Time now,
                                    absl::Time deadline) = 0;

  // A run by hand. ALREADY_EXISTS when the request id is taken.
  virtual absl::Status AddRun(const ScheduleRun& run, const RequestRecord& request,
                              absl::Time deadline) = 0;
  virtual absl::StatusOr<ScheduleRun> FindRun(std::string_view schedule_id, std::string_view run_id,
                                              absl::Time deadline) = 0;
  // Newest first, those before `before_run`; empty: from the newest.
  virtual absl::StatusOr<std::vector<ScheduleRun>> ListRuns(std::string_view schedule_id,
                                                            std::string_view before_run, int limit,
                                                            absl::Time deadline) = 0;

  // Takes the run that is due the longest, for this caller alone until `lease_end`.
  virtual absl::StatusOr<std::optional<ClaimedRun>> ClaimRun(absl::Time now, absl::Time lease_end,
                                                             absl::Time deadline) = 0;
  // Stores state, detail and end of a claimed run; one that is pending again is due at `due_time`.
  // Nothing happens when the claim was lost to another replica.
  virtual absl::Status SettleRun(const ScheduleRun& run, absl::Time due_time,
                                 absl::Time deadline) = 0;
  // Since when the oldest run waits that nobody works on.
  virtual absl::StatusOr<std::optional<absl::Time>> OldestDueRun(absl::Time now,
                                                                 absl::Time deadline) = 0;
  // Forgets runs that ended before `before`; returns how many.
  virtual absl::StatusOr<int> ForgetRuns(absl::Time before, absl::Time deadline) = 0;
};

}  // namespace lmsmail::scheduler
