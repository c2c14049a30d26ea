#include <fmt/format.h>
#include <signal.h>

#include "absl/time/clock.h"

#include "libs/rpc/client_call.h"
#include "libs/status/status_macros.h"
#include "tests/chaos/faults.h"
#include "tests/chaos/rhythm.h"
#include "tests/integration/wait.h"

namespace lmsmail::chaos {
namespace {

// With some answers late, mails are between "." and "250" at any moment.
constexpr std::string_view kLateAnswers = "delay every=5 ms=20";

constexpr int kMuch = 200;

// As another replica tells.
int MailsHeldBy(Stage& stage, int number) {
  namespace out = dispatch::v1;
  const auto held =
      rpc::Call(*stage.replica((number + 1) % Stage::kReplicas), &Stage::Dispatch::ListInFlight,
                out::ListInFlightRequest(), integration::Soon());
  if (!held.ok()) return 0;
  int mails = 0;
  for (const out::InFlightBatch& batch : held->batches()) {
    if (batch.worker() == Stage::WorkerName(number)) mails += batch.message_count();
  }
  return mails;
}

// Returns once the sink has taken nothing for a second: every connection waits for an answer, and
// what was answered before has had time to be recorded.
absl::Status WaitUntilNothingIsTaken(Stage& stage) {
  absl::StatusOr<std::int64_t> taken = stage.sink().Count();
  absl::Time since = absl::Now();
  return integration::WaitUntil("the sink takes nothing for a second", [&] {
    const absl::StatusOr<std::int64_t> now_taken = stage.sink().Count();
    if (now_taken != taken) {
      taken = now_taken;
      since = absl::Now();
    }
    return taken.ok() && absl::Now() - since >= absl::Seconds(1);
  });
}

// How many kills.
absl::StatusOr<int> KillOneAfterTheOther(Stage& stage, Length length, bool keep_journals) {
  LMSMAIL_RETURN_IF_ERROR(stage.sink().Misbehave(kLateAnswers));
  int kills = 0;
  const auto kill_next = [&] {
    const int victim = kills++ % Stage::kReplicas;
    const absl::Status killed = stage.KillReplica(victim, keep_journals);
    return killed.ok() ? stage.StartReplica(victim) : killed;
  };
  LMSMAIL_RETURN_IF_ERROR(Repeat(
      absl::Seconds(1), length == Length::kLong ? absl::Seconds(60) : absl::Seconds(8), kill_next));
  LMSMAIL_RETURN_IF_ERROR(stage.sink().Behave());
  LMSMAIL_RETURN_IF_ERROR(stage.WaitUntilReplicasServe());
  return kills;
}

}  // namespace

absl::StatusOr<Applied> KillDispatch(Stage& stage, Length length) {
  LMSMAIL_ASSIGN_OR_RETURN(const int kills, KillOneAfterTheOther(stage, length, true));
  // What the journal leaves in doubt: one mail a connection.
  return Applied{.most_doubled = std::int64_t{kills} * kConnectionsPerReplica,
                 .note = fmt::format("{} kills", kills)};
}

absl::StatusOr<Applied> KillDispatchAndJournal(Stage& stage, Length length) {
  LMSMAIL_ASSIGN_OR_RETURN(const int kills, KillOneAfterTheOther(stage, length, false));
  return Applied{.most_doubled = std::nullopt, .note = fmt::format("{} kills", kills)};
}

absl::StatusOr<Applied> StopDispatch(Stage& stage, Length length) {
  constexpr int kVictim = 0;
  const absl::Duration pause =
      length == Length::kLong ? absl::Seconds(60) : kLease + absl::Seconds(4);
  // So slow that the victim is stopped between two answers, with much mail still in its hands.
  LMSMAIL_RETURN_IF_ERROR(stage.sink().Misbehave("delay every=1 ms=5000"));
  LMSMAIL_RETURN_IF_ERROR(integration::WaitUntil(
      "the victim holds much mail", [&] { return MailsHeldBy(stage, kVictim) >= kMuch; }));
  LMSMAIL_RETURN_IF_ERROR(WaitUntilNothingIsTaken(stage));
  stage.SignalReplica(kVictim, SIGSTOP);
  LMSMAIL_RETURN_IF_ERROR(stage.sink().Behave());
  absl::SleepFor(pause);
  stage.SignalReplica(kVictim, SIGCONT);
  LMSMAIL_RETURN_IF_ERROR(stage.WaitUntilReplicasServe());
  // One mail a connection, that the sink took and did not answer in time.
  return Applied{.most_doubled = kConnectionsPerReplica,
                 .note = fmt::format("stopped for {}", absl::FormatDuration(pause))};
}

}  // namespace lmsmail::chaos
