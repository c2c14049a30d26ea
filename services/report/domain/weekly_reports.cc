#include "services/report/domain/weekly_reports.h"

#include <fmt/format.h>

#include <utility>

#include "libs/status/error_details.h"
#include "libs/status/status_macros.h"
#include "services/report/domain/weekly_mail.h"

namespace lmsmail::report {

IsoWeek WeeklyReports::WeekOrLastComplete(std::optional<IsoWeek> week) const {
  return week ? *week : IsoWeek::LastWhole(dependencies_.clock.Now(), dependencies_.zone);
}

absl::StatusOr<WeeklyReportRun> WeeklyReports::Generate(std::optional<IsoWeek> week, bool skip_mail,
                                                        absl::Time deadline) {
  const absl::Time now = dependencies_.clock.Now();
  const IsoWeek report_week = WeekOrLastComplete(week);
  // A student has one report per week; an early one would lack the rest of the week.
  if (report_week.DayBounds(dependencies_.zone).back() > now) {
    return WithReason(absl::FailedPreconditionError(fmt::format(
                          "week: {} is not over; leave the field empty for the last complete week",
                          report_week.ToString())),
                      {"WEEK_NOT_OVER", {{"week", report_week.ToString()}}});
  }
  LMSMAIL_ASSIGN_OR_RETURN(WeeklyReportRun run,
                           dependencies_.store.RequestRun(report_week, skip_mail, now, deadline));
  dependencies_.run_requested();
  return run;
}

absl::StatusOr<WeeklyReportRun> WeeklyReports::Cancel(const IsoWeek& week, absl::Time deadline) {
  return dependencies_.store.ChangeRun(
      week, [&](WeeklyReportRun& run) { return report::Cancel(run, dependencies_.clock.Now()); },
      deadline);
}

absl::StatusOr<WeeklyPreview> WeeklyReports::PreviewMail(const std::string& student,
                                                         std::optional<IsoWeek> week,
                                                         const rpc::CallInfo& call) {
  const IsoWeek report_week = WeekOrLastComplete(week);
  LMSMAIL_ASSIGN_OR_RETURN(StudentProgress progress,
                           dependencies_.store.GetStudentProgress(
                               student, report_week.DayBounds(dependencies_.zone), call.deadline));
  const WeeklyReport report{
      .week = report_week, .student = student, .courses = std::move(progress.courses)};
  WeeklyPreview preview;
  LMSMAIL_ASSIGN_OR_RETURN(
      preview.mail, dependencies_.previewer.Render(student, WeeklyMailContext(report), call));
  preview.would_send = progress.enrolled && report.HasActivity();
  if (!progress.enrolled) {
    preview.mail.warnings.emplace_back(
        "the student is enrolled in no course: no mail would be sent");
  } else if (!report.HasActivity()) {
    preview.mail.warnings.emplace_back("the week has no activity: no mail would be sent");
  }
  return preview;
}

}  // namespace lmsmail::report
