#pragma once

#include <functional>
#include <optional>
#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/time/time.h"

#include "libs/clock/clock.h"
#include "libs/rpc/call_info.h"
#include "services/report/domain/previewer.h"
#include "services/report/storage/weekly_report_store.h"

namespace lmsmail::report {

struct WeeklyPreview {
  Preview mail;
  bool would_send = false;
};

// Starts, cancels and previews weekly reports. Thread-safe.
class WeeklyReports {
 public:
  struct Dependencies {
    WeeklyReportStore& store;
    Previewer& previewer;
    const Clock& clock;
    absl::TimeZone zone;                  // the school's
    std::function<void()> run_requested;  // called when a run may have work
  };

  explicit WeeklyReports(Dependencies dependencies) : dependencies_(std::move(dependencies)) {}

  // Starts or resumes the run of `week`, by default the last complete week. FAILED_PRECONDITION
  // until the week is over.
  absl::StatusOr<WeeklyReportRun> Generate(std::optional<IsoWeek> week, bool skip_mail,
                                           absl::Time deadline);
  // NOT_FOUND; FAILED_PRECONDITION when the run has ended.
  absl::StatusOr<WeeklyReportRun> Cancel(const IsoWeek& week, absl::Time deadline);
  // Renders the mail from the current activities, even when a report is stored.
  absl::StatusOr<WeeklyPreview> PreviewMail(const std::string& student, std::optional<IsoWeek> week,
                                            const rpc::CallInfo& call);

 private:
  IsoWeek WeekOrLastComplete(std::optional<IsoWeek> week) const;

  const Dependencies dependencies_;
};

}  // namespace lmsmail::report
