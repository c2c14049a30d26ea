#include <fmt/format.h>

#include "absl/time/clock.h"

#include "libs/status/status_macros.h"
#include "tests/chaos/faults.h"
#include "tests/chaos/repeat.h"

namespace lmsmail::chaos {
namespace {

// Repeats `times` times: applies `fault` to the link for `bad`, then none for `good`.
void Alternate(Cluster& cluster, Proxy& proxy, std::string_view what, const LinkFault& fault,
               int times, absl::Duration bad, absl::Duration good) {
  for (int i = 0; i < times; ++i) {
    cluster.RecordEvent(fmt::format("{} begins", what));
    proxy.Set(fault);
    absl::SleepFor(bad);
    proxy.Set({});
    cluster.RecordEvent(fmt::format("{} ends", what));
    absl::SleepFor(good);
  }
}

std::string Times(int times, absl::Duration each) {
  return fmt::format("{} times {}", times, absl::FormatDuration(each));
}

}  // namespace

absl::StatusOr<FaultOutcome> CutPostgres(Cluster& cluster, Length length) {
  const int times = Choose(length, 2, 12);
  const absl::Duration bad = absl::Seconds(3);
  Alternate(cluster, cluster.database_link(), "cut", {.cut = true}, times, bad, absl::Seconds(2));
  return FaultOutcome{.note = Times(times, bad)};
}

absl::StatusOr<FaultOutcome> LosePostgres(Cluster& cluster, Length length) {
  const absl::Duration bad = Choose(length, kLease + absl::Seconds(4), absl::Seconds(60));
  Alternate(cluster, cluster.database_link(), "cut", {.cut = true}, 1, bad, absl::ZeroDuration());
  return FaultOutcome{.note = Times(1, bad)};
}

absl::StatusOr<FaultOutcome> StallPostgres(Cluster& cluster, Length length) {
  const int times = Choose(length, 2, 10);
  const absl::Duration bad = absl::Seconds(3);
  Alternate(cluster, cluster.database_link(), "stall", {.stalled = true}, times, bad,
            absl::Seconds(2));
  return FaultOutcome{.note = Times(times, bad)};
}

absl::StatusOr<FaultOutcome> SlowPostgres(Cluster& cluster, Length length) {
  const absl::Duration bad = Choose(length, absl::Seconds(6), absl::Seconds(60));
  Alternate(cluster, cluster.database_link(), "delay", {.delay = absl::Milliseconds(10)}, 1, bad,
            absl::ZeroDuration());
  return FaultOutcome{.note = Times(1, bad)};
}

absl::StatusOr<FaultOutcome> LoseCommits(Cluster& cluster, Length length) {
  const absl::Duration bad = Choose(length, absl::Seconds(8), absl::Seconds(60));
  Alternate(cluster, cluster.database_link(), "loss of COMMITs", {.lose_commit_every = 5}, 1, bad,
            absl::ZeroDuration());
  FaultOutcome outcome{
      .note = fmt::format("{} responses lost", cluster.database_link().lost_commits())};
  if (cluster.database_link().lost_commits() == 0)
    outcome.violations = {"no response to a COMMIT was lost"};
  return outcome;
}

absl::StatusOr<FaultOutcome> LoseClaims(Cluster& cluster, Length length) {
  const int times = Choose(length, 1, 4);
  // The part of the lease that 45 s are of the default of 60 s. Each replica polls several times
  // within `losing`.
  const absl::Duration bad = kLease * 3 / 4;
  const absl::Duration losing = absl::Milliseconds(500);
  Proxy& link = cluster.database_link();
  int without_loss = 0;
  for (int i = 0; i < times; ++i) {
    const std::int64_t before = link.lost_commits();
    cluster.RecordEvent("loss of COMMITs begins");
    link.Set({.lose_commit_every = 1});
    absl::SleepFor(losing);
    if (link.lost_commits() == before) ++without_loss;
    Alternate(cluster, link, "cut", {.cut = true}, 1, bad, absl::Seconds(2));
  }
  FaultOutcome outcome{
      .note = fmt::format("{}, {} responses lost", Times(times, bad), link.lost_commits())};
  if (without_loss > 0) outcome.violations = {"no response was lost before a cut"};
  return outcome;
}

absl::StatusOr<FaultOutcome> CutSmtp(Cluster& cluster, Length length) {
  int cuts = 0;
  LMSMAIL_RETURN_IF_ERROR(cluster.sink().AddFault("delay every=5 ms=20"));
  LMSMAIL_RETURN_IF_ERROR(
      Repeat(absl::Milliseconds(500), Choose(length, absl::Seconds(5), absl::Seconds(60)), [&] {
        ++cuts;
        cluster.RecordEvent("cut");
        cluster.smtp_link().ResetConnections();
        return absl::OkStatus();
      }));
  LMSMAIL_RETURN_IF_ERROR(cluster.sink().ClearFaults());
  Alternate(cluster, cluster.smtp_link(), "cut", {.cut = true}, 1, absl::Seconds(3),
            absl::ZeroDuration());
  ++cuts;
  return FaultOutcome{
      .max_duplicates = std::int64_t{cuts} * Cluster::kReplicas * kConnectionsPerReplica,
      .note = fmt::format("{} cuts", cuts)};
}

absl::StatusOr<FaultOutcome> StallSmtp(Cluster& cluster, Length length) {
  const int times = Choose(length, 1, 3);
  const absl::Duration bad = kLease + absl::Seconds(4);
  Alternate(cluster, cluster.smtp_link(), "stall", {.stalled = true}, times, bad, absl::Seconds(2));
  return FaultOutcome{.note = Times(times, bad)};
}

absl::StatusOr<FaultOutcome> SlowSmtp(Cluster& cluster, Length length) {
  const absl::Duration bad = Choose(length, absl::Seconds(6), absl::Seconds(60));
  Alternate(cluster, cluster.smtp_link(), "delay",
            {.delay = absl::Milliseconds(50), .bytes_per_second = 50'000}, 1, bad,
            absl::ZeroDuration());
  return FaultOutcome{.note = Times(1, bad)};
}

absl::StatusOr<FaultOutcome> DropAfterDot(Cluster& cluster, Length length) {
  LMSMAIL_RETURN_IF_ERROR(cluster.sink().AddFault("cut-after-dot every=40"));
  LMSMAIL_RETURN_IF_ERROR(cluster.sink().AddFault("cut-before-dot every=60"));
  absl::SleepFor(Choose(length, absl::Seconds(5), absl::Seconds(60)));
  LMSMAIL_RETURN_IF_ERROR(cluster.sink().ClearFaults());
  LMSMAIL_ASSIGN_OR_RETURN(const std::vector<Received> received, cluster.sink().Ledger());
  std::int64_t unanswered = 0;
  for (const Received& mail : received) unanswered += mail.answered ? 0 : 1;
  return FaultOutcome{.max_duplicates = unanswered,
                      .note = fmt::format("{} mails accepted without a reply", unanswered)};
}

}  // namespace lmsmail::chaos
