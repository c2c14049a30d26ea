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

// Small enough for a step to be over in a second, large enough for the database to work in sets.
constexpr int kStudentsPerStep = 500;
constexpr absl::Duration kPollInterval = absl::Seconds(5);

// For one transaction; real time, whatever the clock says.
absl::Time Deadline() { return absl::Now() + absl::Seconds(20); }

std::vector<MailOutcome> OutcomesOf(const Mailing& mailing,
                                    const std::vector<absl::Status>& results) {
  std::vector<MailOutcome> outcomes;
  outcomes.reserve(results.size());
  for (std::size_t i = 0; i < results.size(); ++i) {
    MailOutcome& outcome = outcomes.emplace_back();
    outcome.student = mailing.items[i].student;
    outcome.accepted = results[i].ok();
    if (!outcome.accepted) outcome.refusal = results[i].ToString();
  }
  return outcomes;
}

}  // namespace

absl::Duration WeeklyReportWorker::RunOnce() {
  auto run = dependencies_.store.ClaimRun(Now(), Deadline());
  if (!run.ok()) {
    complaints_.Log(telemetry::Level::kWarning, "cannot look for weekly report runs",
                    {{"error", run.status()}});
    return kPollInterval;
  }
  if (!*run) return kPollInterval;
  Work(**std::move(run));
  return absl::ZeroDuration();
}

void WeeklyReportWorker::Work(WeeklyReportRun run) {
  const std::int64_t fence = run.fence;
  while (!stopping_) {
    auto next = Step(run);
    if (!next.ok()) {
      // Its lease runs out, and then somebody goes on.
      complaints_.Log(telemetry::Level::kWarning, "weekly report run interrupted",
                      {{"week", run.week.ToString()}, {"error", next.status()}});
      return;
    }
    run = *std::move(next);
    // Mail is recorded also when another has claimed the run meanwhile.
    if (run.fence != fence) return;
    if (run.Ended()) {
      telemetry::LogInfo("weekly report run ended", {{"week", run.week.ToString()},
                                                     {"state", static_cast<int>(run.state)},
                                                     {"students", run.processed_count},
                                                     {"mails", run.mail_count},
                                                     {"refused", run.refused_count}});
    }
    if (run.Ended() || run.lease_until <= Now()) return;
  }
  dependencies_.store
      .ChangeRun(
          run.week,
          [&](WeeklyReportRun& stored) {
            LMSMAIL_RETURN_IF_ERROR(CheckHeld(stored, run.fence));
            Release(stored, Now());
            return absl::OkStatus();
          },
          Deadline())
      .status()
      .IgnoreError();  // the lease runs out by itself
}

absl::StatusOr<WeeklyReportRun> WeeklyReportWorker::Step(const WeeklyReportRun& run) {
  WeeklyReportStore& store = dependencies_.store;
  if (!run.skip_mail) {
    LMSMAIL_ASSIGN_OR_RETURN(const std::vector<WeeklyReport> unsent,
                             store.ListUnsent(run.week, kStudentsPerStep, Deadline()));
    if (!unsent.empty()) return HandOver(run, unsent);
  }
  LMSMAIL_ASSIGN_OR_RETURN(
      WeeklyReportRun made,
      store.MakeReports(run.week, run.fence, run.week.DayBounds(dependencies_.zone),
                        kStudentsPerStep, Now(), Deadline()));
  if (made.cursor != run.cursor) return made;
  return store.ChangeRun(
      run.week,
      [&](WeeklyReportRun& stored) {
        LMSMAIL_RETURN_IF_ERROR(CheckHeld(stored, run.fence));
        // When mail came to be wanted during this step, there is more to do.
        if (stored.skip_mail == run.skip_mail) Succeed(stored, Now());
        return absl::OkStatus();
      },
      Deadline());
}

absl::StatusOr<WeeklyReportRun> WeeklyReportWorker::HandOver(
    const WeeklyReportRun& run, absl::Span<const WeeklyReport> reports) {
  // Not for a run that was cancelled meanwhile, and not with a lease about to end.
  const auto renewed = dependencies_.store.ChangeRun(
      run.week,
      [&](WeeklyReportRun& stored) {
        LMSMAIL_RETURN_IF_ERROR(CheckHeld(stored, run.fence));
        Renew(stored, Now());
        return absl::OkStatus();
      },
      Deadline());
  LMSMAIL_RETURN_IF_ERROR(renewed.status());
  const Mailing mailing = MakeMailing(reports);
  const auto results = dependencies_.mailer.HandOver(mailing);
  if (!results.ok()) return PutOff(run, results.status());
  if (results->size() != mailing.items.size()) {
    return PutOff(run, absl::InternalError(fmt::format("{} results for {} mails", results->size(),
                                                       mailing.items.size())));
  }
  return dependencies_.store.RecordMail(run.week, OutcomesOf(mailing, *results), Deadline());
}

absl::StatusOr<WeeklyReportRun> WeeklyReportWorker::PutOff(const WeeklyReportRun& run,
                                                           const absl::Status& why) {
  complaints_.Log(telemetry::Level::kWarning, "weekly mail not handed over",
                  {{"week", run.week.ToString()}, {"error", why}});
  return dependencies_.store.ChangeRun(
      run.week,
      [&](WeeklyReportRun& stored) {
        LMSMAIL_RETURN_IF_ERROR(CheckHeld(stored, run.fence));
        Postpone(stored, why, Now());
        return absl::OkStatus();
      },
      Deadline());
}

}  // namespace lmsmail::report
