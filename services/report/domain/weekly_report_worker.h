#pragma once

#include <atomic>
#include <optional>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "absl/types/span.h"

#include "libs/clock/clock.h"
#include "libs/school/school.h"
#include "libs/telemetry/logging.h"
#include "services/report/domain/mailer.h"
#include "services/report/domain/recipient_zones.h"
#include "services/report/storage/weekly_report_store.h"

namespace lmsmail::report {

// Processes requested runs. Any replica can claim a run. The work is done in small steps; each is
// one transaction, or one call to the mailer with stored reports. When a replica dies, another one
// continues after the last step, and mail that was sent but not recorded is sent again under the
// same keys.
//
// Only Stop() may be called from another thread.
class WeeklyReportWorker {
 public:
  struct Dependencies {
    WeeklyReportStore& store;
    Mailer& mailer;
    RecipientZones& zones;
    school::SchoolSource& school;
    const Clock& clock;
  };

  explicit WeeklyReportWorker(const Dependencies& dependencies)
      : dependencies_(dependencies), warnings_(absl::Seconds(30), dependencies.clock) {}

  // Claims a run and processes it until it ends, is deferred or is lost. Returns how long to wait
  // before the next call.
  absl::Duration RunOnce();

  // RunOnce() returns after its current step and releases the run for another replica.
  void Stop() { stopping_ = true; }

 private:
  void ProcessRun(WeeklyReportRun run);
  // How many students there are, for those who watch the run. Without the count it goes on.
  void CountStudents(const WeeklyReportRun& run);
  // The steps return the run as stored after them.
  absl::StatusOr<WeeklyReportRun> Step(const WeeklyReportRun& run);
  absl::StatusOr<WeeklyReportRun> SendMail(const WeeklyReportRun& run,
                                           absl::Span<const WeeklyReport> reports);
  // Those of `reports`, which are of one run, whose mail goes out at the same time as the first
  // one's.
  struct Group {
    std::vector<WeeklyReport> reports;
    std::optional<absl::Time> send_time;  // absent: now
  };
  absl::StatusOr<Group> FirstGroup(const WeeklyReportRun& run,
                                   absl::Span<const WeeklyReport> reports);
  absl::StatusOr<WeeklyReportRun> DeferRun(const WeeklyReportRun& run, const absl::Status& cause);

  // Applies `change` to the stored run. ABORTED unless this worker still holds it.
  absl::StatusOr<WeeklyReportRun> ChangeHeldRun(const WeeklyReportRun& run,
                                                absl::FunctionRef<void(WeeklyReportRun&)> change);

  absl::Time Now() const { return dependencies_.clock.Now(); }

  const Dependencies dependencies_;
  telemetry::LogEvery warnings_;
  std::atomic<bool> stopping_ = false;
};

}  // namespace lmsmail::report
