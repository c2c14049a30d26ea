#pragma once

#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"

#include "libs/clock/clock.h"
#include "libs/school/school.h"
#include "libs/status/error_details.h"
#include "services/scheduler/domain/resource_registry.h"
#include "services/scheduler/schedules/schedule.h"
#include "services/scheduler/storage/schedule_store.h"

namespace lmsmail::scheduler {

struct PreviewQuery {
  std::string schedule_id = "";  // either this or `cron`
  std::string cron = "";
  std::string time_zone = "";  // empty: the school's
  int count = 0;
  absl::Time after = {};
};

// What staff do with schedules. Violations have the protocol's field names. Thread-safe.
class ScheduleRegistry final : public ResourceRegistry<Schedule> {
 public:
  ScheduleRegistry(ScheduleStore& store, RequestStore& requests, school::SchoolSource& school,
                   const Clock& clock)
      : ResourceRegistry(store, requests, clock), store_(store), school_(school) {}

  // `violations` are those that were found while converting the request.
  absl::StatusOr<Schedule> Create(Schedule schedule, RequestRecord request, bool validate_only,
                                  Violations violations, absl::Time deadline);
  // Copies `fields`, named as in the protocol, from `edit` to the schedule with the id of `edit`.
  absl::StatusOr<Schedule> Update(const Schedule& edit,
                                  const std::set<std::string, std::less<>>& fields,
                                  std::string_view etag, const Violations& violations,
                                  absl::Time deadline);
  absl::StatusOr<Schedule> SetPaused(std::string_view id, bool paused, absl::Time deadline);

  // Adds a manual run that is due now.
  absl::StatusOr<ScheduleRun> Run(std::string_view id, RequestRecord request, absl::Time deadline);
  absl::StatusOr<std::vector<ScheduleRun>> ListRuns(std::string_view id,
                                                    std::string_view before_run, int limit,
                                                    absl::Time deadline);
  absl::StatusOr<std::vector<absl::Time>> Preview(const PreviewQuery& query, absl::Time deadline);

 private:
  // The next run after now. Unknown while the school is needed and not known; then ScheduleWorker
  // sets it.
  std::optional<absl::Time> NextRun(const Schedule& schedule);
  absl::StatusOr<ScheduleRun> FindRunByName(std::string_view name, absl::Time deadline);

  ScheduleStore& store_;
  school::SchoolSource& school_;
};

}  // namespace lmsmail::scheduler
