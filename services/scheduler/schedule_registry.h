#pragma once

#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"

#include "libs/clock/clock.h"
#include "libs/status/error_details.h"
#include "services/scheduler/request_store.h"
#include "services/scheduler/schedule.h"
#include "services/scheduler/schedule_store.h"

namespace lmsmail::scheduler {

// Names of a schedule's fields in the protocol, as update masks have them.
using FieldNames = std::set<std::string, std::less<>>;

struct PreviewQuery {
  std::string schedule_id = "";  // either this or `cron`
  std::string cron = "";
  std::string time_zone = "UTC";
  int count = 0;
  absl::Time after = {};
};

// What people do with schedules. Faults of requests are reported with the protocol's field names.
// Thread-safe.
class ScheduleRegistry {
 public:
  ScheduleRegistry(ScheduleStore& store, RequestStore& requests, const Clock& clock)
      : store_(store), requests_(requests), clock_(clock) {}

  // `violations` are those that reading the request found already.
  absl::StatusOr<Schedule> Create(Schedule schedule, RequestRecord request, bool validate_only,
                                  Violations violations, absl::Time deadline);
  absl::StatusOr<Schedule> Get(std::string_view id, absl::Time deadline) {
    return store_.Find(id, deadline);
  }
  absl::StatusOr<std::vector<Schedule>> List(std::string_view after_id, int limit,
                                             absl::Time deadline) {
    return store_.List(after_id, limit, deadline);
  }
  // Sets those of `fields` from `edit`, whose id tells which.
  absl::StatusOr<Schedule> Update(const Schedule& edit, const FieldNames& fields,
                                  std::string_view etag, Violations violations,
                                  absl::Time deadline);
  absl::Status Delete(std::string_view id, std::string_view etag, absl::Time deadline);
  absl::StatusOr<Schedule> Pause(std::string_view id, absl::Time deadline);
  absl::StatusOr<Schedule> Resume(std::string_view id, absl::Time deadline);

  absl::StatusOr<ScheduleRun> Run(std::string_view id, RequestRecord request, absl::Time deadline);
  absl::StatusOr<std::vector<ScheduleRun>> ListRuns(std::string_view id,
                                                    std::string_view before_run, int limit,
                                                    absl::Time deadline);
  absl::StatusOr<std::vector<absl::Time>> Preview(const PreviewQuery& query, absl::Time deadline);

  // Gives the schedules that come with the product `time_zone`, the first time only.
  absl::Status StartShipped(const std::string& time_zone, absl::Time deadline);

 private:
  absl::StatusOr<Schedule> SetPaused(std::string_view id, bool paused, absl::Time deadline);
  absl::StatusOr<ScheduleRun> RunMadeBefore(const std::string& name, absl::Time deadline);

  ScheduleStore& store_;
  RequestStore& requests_;
  const Clock& clock_;
};

}  // namespace lmsmail::scheduler
