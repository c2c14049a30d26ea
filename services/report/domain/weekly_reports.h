#pragma once

#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/civil_time.h"
#include "absl/time/time.h"

#include "libs/clock/clock.h"
#include "libs/rpc/call_info.h"
#include "libs/school/school.h"
#include "services/report/domain/previewer.h"
#include "services/report/storage/weekly_report_store.h"

namespace lmsmail::report {

// What a caller wants generated.
struct WeeklyReportOrder {
  std::optional<IsoWeek> week = std::nullopt;  // absent: the last complete week
  bool skip_mail = false;
  std::optional<absl::CivilMinute> local_time = std::nullopt;  // of the mail; absent: at once
  std::vector<std::string> students = {};                      // empty: the whole week
};

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
    school::SchoolSource& school;
    std::function<void()> run_requested;  // called when a run may have work
  };

  explicit WeeklyReports(Dependencies dependencies) : dependencies_(std::move(dependencies)) {}

  // Starts or resumes the run of the week, or generates the reports of some students again once it
  // has ended. FAILED_PRECONDITION until the week is over in the school's zone.
  absl::StatusOr<WeeklyReportRun> Generate(const WeeklyReportOrder& order, absl::Time deadline);
  // NOT_FOUND; FAILED_PRECONDITION when the run has ended.
  absl::StatusOr<WeeklyReportRun> Cancel(const IsoWeek& week, absl::Time deadline);
  // Renders the mail from the current activities, even when a report is stored.
  absl::StatusOr<WeeklyPreview> PreviewMail(const std::string& student, std::optional<IsoWeek> week,
                                            const rpc::CallInfo& call);

 private:
  absl::StatusOr<WeeklyReportRun> Regenerate(const IsoWeek& week, const WeeklyReportOrder& order,
                                             bool also_left, absl::Time deadline);

  const Dependencies dependencies_;
};

}  // namespace lmsmail::report
