#include "services/report/weekly_reports.h"

#include <fmt/format.h>

#include <utility>

#include "libs/status/error_details.h"
#include "libs/status/status_macros.h"
#include "services/report/weekly_mail.h"

namespace lmsmail::report {

IsoWeek WeeklyReports::LastWholeUnless(std::optional<IsoWeek> week) const {
  return week ? *week : IsoWeek::LastWhole(dependencies_.clock.Now(), dependencies_.zone);
}

absl::StatusOr<WeeklyReportRun> WeeklyReports::Generate(std::optional<IsoWeek> week, bool skip_mail,
                                                        absl::Time deadline) {
  const absl::Time now = dependencies_.clock.Now();
  const IsoWeek wanted = LastWholeUnless(week);
  // A student has one report a week: made too early, it would lack what comes after.
  if (wanted.DayBounds(dependencies_.zone).back() > now) {
    return WithReason(
        absl::FailedPreconditionError(fmt::format(
            "week: {} is not over yet; leave it empty for the last whole week", wanted.ToString())),
        {"WEEK_NOT_OVER", {{"week", wanted.ToString()}}});
  }
  LMSMAIL_ASSIGN_OR_RETURN(WeeklyReportRun run,
                           dependencies_.store.AskForRun(wanted, skip_mail, now, deadline));
  dependencies_.asked();
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
  const IsoWeek wanted = LastWholeUnless(week);
  LMSMAIL_ASSIGN_OR_RETURN(StudentWeek facts,
                           dependencies_.store.GetStudentWeek(
                               student, wanted.DayBounds(dependencies_.zone), call.deadline));
  const WeeklyReport report{
      .week = wanted, .student = student, .courses = std::move(facts.courses)};
  WeeklyPreview preview;
  LMSMAIL_ASSIGN_OR_RETURN(preview.mail,
                           dependencies_.previewer.Render(PreviewContext(report), call));
  preview.would_send = facts.enrolled && report.HasActivity();
  if (!facts.enrolled) {
    preview.mail.warnings.push_back("the student is enrolled in no course: no mail would go");
  } else if (!report.HasActivity()) {
    preview.mail.warnings.push_back("nothing happened in the week: no mail would go");
  }
  return preview;
}

}  // namespace lmsmail::report
