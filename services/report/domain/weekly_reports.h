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

// What callers ask of weekly reports, beyond reading them. Thread-safe.
class WeeklyReports {
 public:
  struct Dependencies {
    WeeklyReportStore& store;
    Previewer& previewer;
    const Clock& clock;
    absl::TimeZone zone;          // the school's
    std::function<void()> asked;  // a run may have work
  };

  explicit WeeklyReports(Dependencies dependencies) : dependencies_(std::move(dependencies)) {}

  // Without `week`, the last whole one. FAILED_PRECONDITION while the week is not over.
  absl::StatusOr<WeeklyReportRun> Generate(std::optional<IsoWeek> week, bool skip_mail,
                                           absl::Time deadline);
  // NOT_FOUND; FAILED_PRECONDITION when it has ended.
  absl::StatusOr<WeeklyReportRun> Cancel(const IsoWeek& week, absl::Time deadline);
  // From the facts as they are now, also when another report is stored.
  absl::StatusOr<WeeklyPreview> PreviewMail(const std::string& student, std::optional<IsoWeek> week,
                                            const rpc::CallInfo& call);

 private:
  IsoWeek LastWholeUnless(std::optional<IsoWeek> week) const;

  const Dependencies dependencies_;
};

}  // namespace lmsmail::report
