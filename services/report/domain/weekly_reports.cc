#include "services/report/domain/weekly_reports.h"

#include <fmt/format.h>

#include <utility>

#include "libs/status/error_details.h"
#include "libs/status/status_macros.h"
#include "libs/time_zone/time_zone.h"
#include "services/report/domain/local_time.h"
#include "services/report/domain/weekly_mail.h"

namespace lmsmail::report {

absl::StatusOr<WeeklyReportRun> WeeklyReports::Generate(const WeeklyReportOrder& order,
                                                        absl::Time deadline) {
  const absl::Time now = dependencies_.clock.Now();
  LMSMAIL_ASSIGN_OR_RETURN(const school::School school, dependencies_.school.Get());
  LMSMAIL_ASSIGN_OR_RETURN(const absl::TimeZone zone, time_zone::Load(school.time_zone));
  const IsoWeek week = order.week ? *order.week : IsoWeek::LastWhole(now, zone);
  // A student has one report per week; an early one would lack the rest of the week.
  const absl::Time end = week.DayBounds(zone).back();
  if (end > now) {
    return WithReason(
        absl::FailedPreconditionError(fmt::format(
            "week: {} is not over before {} in the school's time zone, {}; leave the field empty "
            "for "
            "the last complete week",
            week.ToString(), absl::FormatTime(absl::RFC3339_sec, end, zone), school.time_zone)),
        {"WEEK_NOT_OVER",
         {{"week", week.ToString()},
          {"end_time", absl::FormatTime(absl::RFC3339_full, end, absl::UTCTimeZone())}}});
  }
  if (order.local_time && !IsAfterWeek(*order.local_time, week)) {
    return InvalidField("local_time",
                        fmt::format("must lie in the seven days after {}: from {}", week.ToString(),
                                    FormatLocalTime(absl::CivilMinute(week.last_day() + 1))));
  }
  if (!order.students.empty()) {
    return Regenerate(week, order, school.reports_after_leaving, deadline);
  }
  LMSMAIL_ASSIGN_OR_RETURN(WeeklyReportRun run,
                           dependencies_.store.RequestRun({.week = week,
                                                           .skip_mail = order.skip_mail,
                                                           .time_zone = school.time_zone,
                                                           .local_time = order.local_time},
                                                          now, deadline));
  dependencies_.run_requested();
  return run;
}

absl::StatusOr<WeeklyReportRun> WeeklyReports::Regenerate(const IsoWeek& week,
                                                          const WeeklyReportOrder& order,
                                                          bool also_left, absl::Time deadline) {
  LMSMAIL_ASSIGN_OR_RETURN(const WeeklyReportRun made, dependencies_.store.GetRun(week, deadline));
  LMSMAIL_ASSIGN_OR_RETURN(const absl::TimeZone zone, time_zone::Load(made.time_zone));
  const std::vector<absl::Time> days = week.DayBounds(zone);
  LMSMAIL_ASSIGN_OR_RETURN(WeeklyReportRun run,
                           dependencies_.store.RegenerateReports(
                               week, order.students, {.days = days, .also_left = also_left},
                               order.skip_mail, dependencies_.clock.Now(), deadline));
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
  LMSMAIL_ASSIGN_OR_RETURN(const school::School school, dependencies_.school.Get());
  LMSMAIL_ASSIGN_OR_RETURN(const absl::TimeZone zone, time_zone::Load(school.time_zone));
  const IsoWeek report_week = week ? *week : IsoWeek::LastWhole(dependencies_.clock.Now(), zone);
  const std::vector<absl::Time> days = report_week.DayBounds(zone);
  LMSMAIL_ASSIGN_OR_RETURN(
      StudentProgress progress,
      dependencies_.store.GetStudentProgress(
          student, report_week, {.days = days, .also_left = school.reports_after_leaving},
          call.deadline));
  const WeeklyReport report{.week = report_week,
                            .student = student,
                            .courses = std::move(progress.courses),
                            .late = progress.late};
  WeeklyPreview preview;
  LMSMAIL_ASSIGN_OR_RETURN(
      preview.mail, dependencies_.previewer.Render(student, WeeklyMailContext(report), call));
  preview.would_send = progress.gets_report && report.HasActivity();
  if (!progress.gets_report) {
    preview.mail.warnings.emplace_back(
        "the student is enrolled in no course: no mail would be sent");
  } else if (!report.HasActivity()) {
    preview.mail.warnings.emplace_back("the week has no activity: no mail would be sent");
  }
  return preview;
}

}  // namespace lmsmail::report
