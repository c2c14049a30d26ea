#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "absl/types/span.h"

#include "services/report/domain/weekly_report.h"
#include "services/report/domain/weekly_report_run.h"

namespace lmsmail::report {

// Which reports, and where to go on. With a week: by student. Without: of `student`, the newest
// first.
struct ReportQuery {
  std::optional<IsoWeek> week = std::nullopt;
  std::string student = {};        // empty: all; required without a week
  std::string after_student = {};  // with a week
  std::optional<IsoWeek> before_week = std::nullopt;
  int limit = 100;
};

// A student's week from the facts as they are, without a stored report.
struct StudentWeek {
  bool enrolled = false;  // in some course, before the week's end
  std::vector<CourseWeek> courses = {};
};

struct MailOutcome {
  std::string student;
  bool accepted = false;
  std::string refusal = {};  // why, when not accepted
};

// Runs and reports. `days` are IsoWeek::DayBounds of the week. Thread-safe. Every call ends by
// `deadline`.
class WeeklyReportStore {
 public:
  using Change = absl::FunctionRef<absl::Status(WeeklyReportRun&)>;

  virtual ~WeeklyReportStore() = default;

  // Makes the run, or finds it, and tells it that it is asked for (report::Ask).
  virtual absl::StatusOr<WeeklyReportRun> AskForRun(const IsoWeek& week, bool skip_mail,
                                                    absl::Time now, absl::Time deadline) = 0;
  // NOT_FOUND.
  virtual absl::StatusOr<WeeklyReportRun> GetRun(const IsoWeek& week, absl::Time deadline) = 0;
  // Newest week first, those before `before`.
  virtual absl::StatusOr<std::vector<WeeklyReportRun>> ListRuns(std::optional<IsoWeek> before,
                                                                int limit, absl::Time deadline) = 0;
  // Locks the run, applies `change`, and stores it when that is OK. `change` may be called more
  // than once, each time with the run as stored. NOT_FOUND.
  virtual absl::StatusOr<WeeklyReportRun> ChangeRun(const IsoWeek& week, Change change,
                                                    absl::Time deadline) = 0;
  // Claims the oldest week's run that can be claimed and that no other replica is claiming.
  virtual absl::StatusOr<std::optional<WeeklyReportRun>> ClaimRun(absl::Time now,
                                                                  absl::Time deadline) = 0;

  // Makes the reports of the next `limit` students who are enrolled in something, after the run's
  // cursor, in one transaction with the run's counts. Returns the run; its cursor is where it was
  // when there is nobody left. ABORTED when `fence` no longer holds it (CheckHeld).
  virtual absl::StatusOr<WeeklyReportRun> MakeReports(const IsoWeek& week, std::int64_t fence,
                                                      absl::Span<const absl::Time> days, int limit,
                                                      absl::Time now, absl::Time deadline) = 0;
  // Reports with activity whose mail is unsent, by student. The same until RecordMail.
  virtual absl::StatusOr<std::vector<WeeklyReport>> ListUnsent(const IsoWeek& week, int limit,
                                                               absl::Time deadline) = 0;
  // What became of mail. Counts whatever the run's state is by now, each report once.
  virtual absl::StatusOr<WeeklyReportRun> RecordMail(const IsoWeek& week,
                                                     absl::Span<const MailOutcome> outcomes,
                                                     absl::Time deadline) = 0;

  // NOT_FOUND.
  virtual absl::StatusOr<WeeklyReport> GetReport(const IsoWeek& week, std::string_view student,
                                                 absl::Time deadline) = 0;
  virtual absl::StatusOr<std::vector<WeeklyReport>> ListReports(const ReportQuery& query,
                                                                absl::Time deadline) = 0;
  virtual absl::StatusOr<StudentWeek> GetStudentWeek(std::string_view student,
                                                     absl::Span<const absl::Time> days,
                                                     absl::Time deadline) = 0;
};

}  // namespace lmsmail::report
