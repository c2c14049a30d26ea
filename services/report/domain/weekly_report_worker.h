#pragma once

#include <atomic>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "absl/types/span.h"

#include "libs/clock/clock.h"
#include "libs/telemetry/logging.h"
#include "services/report/domain/mailer.h"
#include "services/report/storage/weekly_report_store.h"

namespace lmsmail::report {

// Carries on the runs that somebody asked for. A run is a row that any replica can claim; its work
// is done in small steps, each of which is one transaction, or one call to the mailer with what was
// stored before. So a replica that dies loses nothing: another one goes on after the last step, and
// a mail that was handed over without being recorded is handed over again under the same keys.
//
// All but Stop() is called by one thread at a time.
class WeeklyReportWorker {
 public:
  struct Dependencies {
    WeeklyReportStore& store;
    Mailer& mailer;
    const Clock& clock;
    absl::TimeZone zone;  // the school's
  };

  explicit WeeklyReportWorker(const Dependencies& dependencies)
      : dependencies_(dependencies), complaints_(absl::Seconds(30), dependencies.clock) {}

  // Claims a run and works on it until it ends, has to wait, or is lost. Returns when to look
  // again.
  absl::Duration RunOnce();

  // Makes RunOnce() return after its present step, with the run free for another replica.
  void Stop() { stopping_ = true; }

 private:
  void Work(WeeklyReportRun run);
  // Returns the run after it.
  absl::StatusOr<WeeklyReportRun> Step(const WeeklyReportRun& run);
  absl::StatusOr<WeeklyReportRun> HandOver(const WeeklyReportRun& run,
                                           absl::Span<const WeeklyReport> reports);
  absl::StatusOr<WeeklyReportRun> PutOff(const WeeklyReportRun& run, const absl::Status& why);

  absl::Time Now() const { return dependencies_.clock.Now(); }

  const Dependencies dependencies_;
  telemetry::LogEvery complaints_;
  std::atomic<bool> stopping_ = false;
};

}  // namespace lmsmail::report
