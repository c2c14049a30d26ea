#include "services/report/domain/weekly_report_worker.h"

#include <fmt/format.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/time/clock.h"

#include "libs/status/status_macros.h"
#include "services/report/domain/weekly_mail.h"

namespace lmsmail::report {
namespace {

// A step takes less than a second, and the database still works on sets.
constexpr int kStudentsPerStep = 500;
constexpr absl::Duration kPollInterval = absl::Seconds(5);

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

absl::StatusOr<WeeklyReportRun> WeeklyReportWorker::Step(const WeeklyReportRun& run) {
  WeeklyReportStore& store = dependencies_.store;
  if (!run.skip_mail) {
    LMSMAIL_ASSIGN_OR_RETURN(const std::vector<WeeklyReport> unsent,
                             store.ListUnsent(run.week, kStudentsPerStep, Deadline()));
    if (!unsent.empty()) return SendMail(run, unsent);
  }
  LMSMAIL_ASSIGN_OR_RETURN(
      WeeklyReportRun generated,
      store.GenerateReports(run.week, run.fence, run.week.DayBounds(dependencies_.zone),
                            kStudentsPerStep, Now(), Deadline()));
  if (generated.cursor != run.cursor) return generated;
  return ChangeHeldRun(run, [&](WeeklyReportRun& stored) {
    // A request for the skipped mail may have come during this step.
    if (stored.skip_mail == run.skip_mail) Succeed(stored, Now());
  });
}

absl::StatusOr<WeeklyReportRun> WeeklyReportWorker::SendMail(
    const WeeklyReportRun& run, absl::Span<const WeeklyReport> reports) {
  // Ensures that the run is not cancelled and that the lease outlasts the call.
  LMSMAIL_RETURN_IF_ERROR(
      ChangeHeldRun(run, [&](WeeklyReportRun& stored) { Renew(stored, Now()); }).status());
  const MailBatch batch = MakeMailBatch(reports);
  const auto results = dependencies_.mailer.SendBatch(batch);
  if (!results.ok()) return DeferRun(run, results.status());
  if (results->size() != batch.items.size()) {
    return DeferRun(run, absl::InternalError(fmt::format("{} results for {} mails", results->size(),
                                                         batch.items.size())));
  }
  return dependencies_.store.RecordMail(run.week, OutcomesOf(batch, *results), Deadline());
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
