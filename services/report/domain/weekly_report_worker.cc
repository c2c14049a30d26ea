#include "services/report/domain/weekly_report_worker.h"

#include <fmt/format.h>

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/time/clock.h"

#include "libs/status/status_macros.h"
#include "libs/time_zone/time_zone.h"
#include "services/report/domain/local_time.h"
#include "services/report/domain/weekly_mail.h"

namespace lmsmail::report {
namespace {

// A step takes less than a second, and the database still works on sets.
constexpr int kStudentsPerStep = 500;
constexpr absl::Duration kPollInterval = absl::Seconds(5);
constexpr absl::Duration kCountTimeout = absl::Seconds(5);

// The deadline of one transaction, in real time even when the clock is fake.
absl::Time Deadline() { return absl::Now() + absl::Seconds(20); }

std::vector<MailOutcome> OutcomesOf(const MailBatch& batch,
                                    const std::vector<absl::Status>& results) {
  std::vector<MailOutcome> outcomes;
  outcomes.reserve(results.size());
  for (std::size_t i = 0; i < results.size(); ++i) {
    MailOutcome& outcome = outcomes.emplace_back();
    outcome.student = batch.items[i].student;
    outcome.accepted = results[i].ok();
    if (!outcome.accepted) outcome.rejection = results[i].ToString();
  }
  return outcomes;
}

}  // namespace

absl::Duration WeeklyReportWorker::RunOnce() {
  auto run = dependencies_.store.ClaimRun(Now(), Deadline());
  if (!run.ok()) {
    warnings_.Log(telemetry::Level::kWarning, "cannot claim a weekly report run",
                  {{"error", run.status()}});
    return kPollInterval;
  }
  if (!*run) return kPollInterval;
  ProcessRun(**std::move(run));
  return absl::ZeroDuration();
}

void WeeklyReportWorker::ProcessRun(WeeklyReportRun run) {
  const std::int64_t fence = run.fence;
  if (run.total_count == 0) CountStudents(run);
  while (!stopping_) {
    auto next = Step(run);
    if (!next.ok()) {
      // The lease expires, and then a replica claims the run again.
      warnings_.Log(telemetry::Level::kWarning, "weekly report run interrupted",
                    {{"week", run.week.ToString()}, {"error", next.status()}});
      return;
    }
    run = *std::move(next);
    // Sent mail is recorded even when another replica has claimed the run in the meantime.
    if (run.fence != fence) return;
    if (run.Ended()) {
      telemetry::LogInfo("weekly report run ended", {{"week", run.week.ToString()},
                                                     {"state", static_cast<int>(run.state)},
                                                     {"students", run.processed_count},
                                                     {"mails", run.mail_count},
                                                     {"rejected", run.rejected_count}});
    }
    if (run.Ended() || run.lease_expire_time <= Now()) return;
  }
  // Without the release, the run waits until the lease expires.
  ChangeHeldRun(run, [&](WeeklyReportRun& stored) { Release(stored, Now()); })
      .status()
      .IgnoreError();
}

void WeeklyReportWorker::CountStudents(const WeeklyReportRun& run) {
  const auto zone = time_zone::Load(run.time_zone);
  const auto school = dependencies_.school.Get();
  if (!zone.ok() || !school.ok()) return;  // the first step says so
  const std::vector<absl::Time> days = run.week.DayBounds(*zone);
  const auto count = dependencies_.store.CountStudents(
      {.days = days, .also_left = school->reports_after_leaving}, absl::Now() + kCountTimeout);
  if (!count.ok()) {
    warnings_.Log(telemetry::Level::kWarning, "cannot count the students of a weekly report run",
                  {{"week", run.week.ToString()}, {"error", count.status()}});
    return;
  }
  ChangeHeldRun(run, [&](WeeklyReportRun& stored) { stored.total_count = *count; })
      .status()
      .IgnoreError();  // the first step says that the run is lost
}

absl::StatusOr<WeeklyReportRun> WeeklyReportWorker::Step(const WeeklyReportRun& run) {
  WeeklyReportStore& store = dependencies_.store;
  if (!run.skip_mail) {
    LMSMAIL_ASSIGN_OR_RETURN(const std::vector<WeeklyReport> unsent,
                             store.ListUnsent(run.week, kStudentsPerStep, Deadline()));
    if (!unsent.empty()) return SendMail(run, unsent);
  }
  LMSMAIL_ASSIGN_OR_RETURN(const absl::TimeZone zone, time_zone::Load(run.time_zone));
  LMSMAIL_ASSIGN_OR_RETURN(const school::School school, dependencies_.school.Get());
  const std::vector<absl::Time> days = run.week.DayBounds(zone);
  LMSMAIL_ASSIGN_OR_RETURN(
      WeeklyReportRun generated,
      store.GenerateReports(run.week, run.fence,
                            {.days = days, .also_left = school.reports_after_leaving},
                            kStudentsPerStep, Now(), Deadline()));
  if (generated.cursor != run.cursor) return generated;
  return ChangeHeldRun(run, [&](WeeklyReportRun& stored) {
    // A request for the skipped mail may have come during this step.
    if (stored.skip_mail == run.skip_mail) Succeed(stored, Now());
  });
}

absl::StatusOr<WeeklyReportRun> WeeklyReportWorker::SendMail(
    const WeeklyReportRun& run, absl::Span<const WeeklyReport> reports) {
  const auto group = FirstGroup(run, reports);
  if (!group.ok()) return DeferRun(run, group.status());
  // Ensures that the run is not cancelled and that the lease outlasts the call.
  LMSMAIL_RETURN_IF_ERROR(
      ChangeHeldRun(run, [&](WeeklyReportRun& stored) { Renew(stored, Now()); }).status());
  const MailBatch batch = MakeMailBatch(group->reports, group->send_time);
  const auto results = dependencies_.mailer.SendBatch(batch);
  if (!results.ok()) return DeferRun(run, results.status());
  if (results->size() != batch.items.size()) {
    return DeferRun(run, absl::InternalError(fmt::format("{} results for {} mails", results->size(),
                                                         batch.items.size())));
  }
  return dependencies_.store.RecordMail(run.week, OutcomesOf(batch, *results), Deadline());
}

absl::StatusOr<WeeklyReportWorker::Group> WeeklyReportWorker::FirstGroup(
    const WeeklyReportRun& run, absl::Span<const WeeklyReport> reports) {
  Group group;
  if (!run.local_time) {
    group.reports.assign(reports.begin(), reports.end());
    return group;
  }
  std::vector<std::string> students;
  for (const WeeklyReport& report : reports) students.push_back(report.student);
  LMSMAIL_ASSIGN_OR_RETURN(const std::vector<std::string> names, dependencies_.zones.Get(students));
  LMSMAIL_ASSIGN_OR_RETURN(const absl::TimeZone school, time_zone::Load(run.time_zone));
  const absl::Time end_of_week = run.week.DayBounds(school).back();
  const absl::Time now = Now();
  std::map<std::string, std::optional<absl::Time>> send_times;  // by zone; absent: now
  for (std::size_t i = 0; i < reports.size(); ++i) {
    const auto [found, is_new] = send_times.try_emplace(names[i]);
    if (is_new) {
      // A zone that this database does not know must not hold up the others.
      const absl::Time time =
          InstantOf(*run.local_time, time_zone::Load(names[i]).value_or(school), end_of_week);
      if (time > now) found->second = time;
    }
    if (i == 0) group.send_time = found->second;
    if (found->second == group.send_time) group.reports.push_back(reports[i]);
  }
  return group;
}

absl::StatusOr<WeeklyReportRun> WeeklyReportWorker::DeferRun(const WeeklyReportRun& run,
                                                             const absl::Status& cause) {
  warnings_.Log(telemetry::Level::kWarning, "cannot send weekly mail",
                {{"week", run.week.ToString()}, {"error", cause}});
  return ChangeHeldRun(run, [&](WeeklyReportRun& stored) { Defer(stored, cause, Now()); });
}

absl::StatusOr<WeeklyReportRun> WeeklyReportWorker::ChangeHeldRun(
    const WeeklyReportRun& run, absl::FunctionRef<void(WeeklyReportRun&)> change) {
  return dependencies_.store.ChangeRun(
      run.week,
      [&](WeeklyReportRun& stored) {
        LMSMAIL_RETURN_IF_ERROR(CheckHeld(stored, run.fence));
        change(stored);
        return absl::OkStatus();
      },
      Deadline());
}

}  // namespace lmsmail::report
