#include <fmt/format.h>

#include "absl/time/clock.h"

#include "libs/status/status_macros.h"
#include "tests/chaos/faults.h"
#include "tests/chaos/rhythm.h"

namespace lmsmail::chaos {
namespace {

// `times`: the link behaves as `link` for `bad`, then well for `good`.
void Alternate(Stage& stage, Proxy& proxy, std::string_view what, const Link& link, int times,
               absl::Duration bad, absl::Duration good) {
  for (int i = 0; i < times; ++i) {
    stage.Note(fmt::format("{} begins", what));
    proxy.Set(link);
    absl::SleepFor(bad);
    proxy.Set({});
    stage.Note(fmt::format("{} ends", what));
    absl::SleepFor(good);
  }
}

std::string Times(int times, absl::Duration each) {
  return fmt::format("{} times {}", times, absl::FormatDuration(each));
}

}  // namespace

absl::StatusOr<Applied> CutPostgres(Stage& stage, Length length) {
  const int times = length == Length::kLong ? 12 : 2;
  const absl::Duration bad = absl::Seconds(3);
  Alternate(stage, stage.database_link(), "cut", {.cut = true}, times, bad, absl::Seconds(2));
  return Applied{.note = Times(times, bad)};
}

absl::StatusOr<Applied> LosePostgres(Stage& stage, Length length) {
  const absl::Duration bad =
      length == Length::kLong ? absl::Seconds(60) : kLease + absl::Seconds(4);
  Alternate(stage, stage.database_link(), "cut", {.cut = true}, 1, bad, absl::ZeroDuration());
  return Applied{.note = Times(1, bad)};
}

absl::StatusOr<Applied> StallPostgres(Stage& stage, Length length) {
  const int times = length == Length::kLong ? 10 : 2;
  const absl::Duration bad = absl::Seconds(3);
  Alternate(stage, stage.database_link(), "stall", {.stalled = true}, times, bad, absl::Seconds(2));
  return Applied{.note = Times(times, bad)};
}

absl::StatusOr<Applied> SlowPostgres(Stage& stage, Length length) {
  const absl::Duration bad = length == Length::kLong ? absl::Seconds(60) : absl::Seconds(6);
  Alternate(stage, stage.database_link(), "delay", {.delay = absl::Milliseconds(10)}, 1, bad,
            absl::ZeroDuration());
  return Applied{.note = Times(1, bad)};
}

absl::StatusOr<Applied> LoseCommits(Stage& stage, Length length) {
  const absl::Duration bad = length == Length::kLong ? absl::Seconds(60) : absl::Seconds(8);
  Alternate(stage, stage.database_link(), "loss of COMMITs", {.lose_commit_every = 5}, 1, bad,
            absl::ZeroDuration());
  Applied applied{.note = fmt::format("{} answers lost", stage.database_link().lost_commits())};
  if (stage.database_link().lost_commits() == 0) applied.faults = {"no COMMIT's answer was lost"};
  return applied;
}

absl::StatusOr<Applied> CutSmtp(Stage& stage, Length length) {
  int cuts = 0;
  LMSMAIL_RETURN_IF_ERROR(stage.sink().Misbehave("delay every=5 ms=20"));
  LMSMAIL_RETURN_IF_ERROR(Repeat(
      absl::Milliseconds(500), length == Length::kLong ? absl::Seconds(60) : absl::Seconds(5), [&] {
        ++cuts;
        stage.Note("cut");
        stage.smtp_link().CutOnce();
        return absl::OkStatus();
      }));
  LMSMAIL_RETURN_IF_ERROR(stage.sink().Behave());
  Alternate(stage, stage.smtp_link(), "cut", {.cut = true}, 1, absl::Seconds(3),
            absl::ZeroDuration());
  ++cuts;
  return Applied{.most_doubled = std::int64_t{cuts} * Stage::kReplicas * kConnectionsPerReplica,
                 .note = fmt::format("{} cuts", cuts)};
}

absl::StatusOr<Applied> StallSmtp(Stage& stage, Length length) {
  const int times = length == Length::kLong ? 3 : 1;
  const absl::Duration bad = kLease + absl::Seconds(4);
  Alternate(stage, stage.smtp_link(), "stall", {.stalled = true}, times, bad, absl::Seconds(2));
  return Applied{.note = Times(times, bad)};
}

absl::StatusOr<Applied> SlowSmtp(Stage& stage, Length length) {
  const absl::Duration bad = length == Length::kLong ? absl::Seconds(60) : absl::Seconds(6);
  Alternate(stage, stage.smtp_link(), "delay",
            {.delay = absl::Milliseconds(50), .bytes_per_second = 50'000}, 1, bad,
            absl::ZeroDuration());
  return Applied{.note = Times(1, bad)};
}

absl::StatusOr<Applied> DropAfterDot(Stage& stage, Length length) {
  LMSMAIL_RETURN_IF_ERROR(stage.sink().Misbehave("cut-after-dot every=40"));
  LMSMAIL_RETURN_IF_ERROR(stage.sink().Misbehave("cut-before-dot every=60"));
  absl::SleepFor(length == Length::kLong ? absl::Seconds(60) : absl::Seconds(5));
  LMSMAIL_RETURN_IF_ERROR(stage.sink().Behave());
  LMSMAIL_ASSIGN_OR_RETURN(const std::vector<Taken> taken, stage.sink().Ledger());
  std::int64_t unanswered = 0;
  for (const Taken& mail : taken) unanswered += mail.answered ? 0 : 1;
  return Applied{.most_doubled = unanswered,
                 .note = fmt::format("{} mails taken without an answer", unanswered)};
}

}  // namespace lmsmail::chaos
