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

// Selects the reports of `week`, ordered by student, or without a week those of `student`, newest
// week first.
struct ReportQuery {
  std::optional<IsoWeek> week = std::nullopt;
  std::string student = {};        // empty: all students; required without a week
  std::string after_student = {};  // with a week
  std::optional<IsoWeek> before_week = std::nullopt;
  int limit = 100;
};

// A student's week, computed from the current activities.
struct StudentProgress {
  bool gets_report = false;  // see Students
  std::vector<CourseProgress> courses = {};
  LateActivity late = {};
};

// Whose reports of a week are generated: the students with an enrollment that began before the end
// of the week, and on request those with activity in the week who left their courses in it or
// since.
struct Students {
  absl::Span<const absl::Time> days;  // IsoWeek::DayBounds of the week
  bool also_left = false;
};

struct MailOutcome {
  std::string student;
  bool accepted = false;
  std::string rejection = {};  // the error, when not accepted
};

// Stores runs and reports. Thread-safe; every call ends by `deadline`.
class WeeklyReportStore {
 public:
  using Change = absl::FunctionRef<absl::Status(WeeklyReportRun&)>;

  virtual ~WeeklyReportStore() = default;

  // Creates the run of the week if there is none, and applies the request, see ApplyRequest().
  virtual absl::StatusOr<WeeklyReportRun> RequestRun(const RunRequest& request, absl::Time now,
                                                     absl::Time deadline) = 0;
  // NOT_FOUND.
  virtual absl::StatusOr<WeeklyReportRun> GetRun(const IsoWeek& week, absl::Time deadline) = 0;
  // Returns runs of weeks before `before`, newest first.
  virtual absl::StatusOr<std::vector<WeeklyReportRun>> ListRuns(std::optional<IsoWeek> before,
                                                                int limit, absl::Time deadline) = 0;
  // Locks the run, applies `change`, and stores the run if `change` returned OK. `change` may be
  // called more than once, each time with the stored run. NOT_FOUND.
  virtual absl::StatusOr<WeeklyReportRun> ChangeRun(const IsoWeek& week, Change change,
                                                    absl::Time deadline) = 0;
  // Claims the claimable run of the oldest week, skipping runs that other replicas have locked.
  virtual absl::StatusOr<std::optional<WeeklyReportRun>> ClaimRun(absl::Time now,
                                                                  absl::Time deadline) = 0;

  // The number of `students`. May take long, so nothing waits for it.
  virtual absl::StatusOr<std::int64_t> CountStudents(const Students& students,
                                                     absl::Time deadline) = 0;
  // Generates the reports of the next `limit` students after the run's cursor and updates the run
  // in the same transaction. The cursor of the returned run is unchanged when no student is left.
  // ABORTED when `fence` no longer holds the run, see CheckHeld().
  virtual absl::StatusOr<WeeklyReportRun> GenerateReports(const IsoWeek& week, std::int64_t fence,
                                                          const Students& students, int limit,
                                                          absl::Time now, absl::Time deadline) = 0;
  // Generates the reports of those of `ids` again who are among `students`, and takes the run up
  // again, see Reopen(). Mail that was accepted stays so; other mail is unsent again. NOT_FOUND
  // without a run.
  virtual absl::StatusOr<WeeklyReportRun> RegenerateReports(const IsoWeek& week,
                                                            absl::Span<const std::string> ids,
                                                            const Students& students,
                                                            bool skip_mail, absl::Time now,
                                                            absl::Time deadline) = 0;
  // Returns reports with activity whose mail is unsent, ordered by student. The result is the same
  // until RecordMail().
  virtual absl::StatusOr<std::vector<WeeklyReport>> ListUnsent(const IsoWeek& week, int limit,
                                                               absl::Time deadline) = 0;
  // Records the outcomes of unsent mail and counts each report once, in any state of the run.
  virtual absl::StatusOr<WeeklyReportRun> RecordMail(const IsoWeek& week,
                                                     absl::Span<const MailOutcome> outcomes,
                                                     absl::Time deadline) = 0;

  // NOT_FOUND.
  virtual absl::StatusOr<WeeklyReport> GetReport(const IsoWeek& week, std::string_view student,
                                                 absl::Time deadline) = 0;
  virtual absl::StatusOr<std::vector<WeeklyReport>> ListReports(const ReportQuery& query,
                                                                absl::Time deadline) = 0;
  // Of one of `students`; `gets_report` is false for others.
  virtual absl::StatusOr<StudentProgress> GetStudentProgress(std::string_view student,
                                                             const IsoWeek& week,
                                                             const Students& students,
                                                             absl::Time deadline) = 0;
};

}  // namespace lmsmail::report
