#include <fmt/format.h>
#include <signal.h>

#include <algorithm>
#include <vector>

#include "absl/time/clock.h"

#include "libs/status/status_macros.h"
#include "tests/chaos/faults.h"
#include "tests/chaos/repeat.h"
#include "tests/integration/suite/wait.h"

namespace lmsmail::chaos {
namespace {

// Delays some replies, so that there are always mails between "." and "250".
constexpr std::string_view kDelayedReplies = "delay every=5 ms=20";
// The same for requests to a provider.
constexpr std::string_view kDelayedAnswers = R"({"mode":"slow","every":5,"delay_ms":20})";

constexpr int kManyMails = 200;

// Asks another replica for the number of mails that replica `number` has claimed.
int MailsClaimedBy(Cluster& cluster, int number) {
  namespace pb = dispatch::v1;
  const auto in_flight =
      integration::Call(*cluster.replica((number + 1) % Cluster::kReplicas),
                        &Cluster::Dispatch::ListInFlight, pb::ListInFlightRequest());
  if (!in_flight.ok()) return 0;
  int mails = 0;
  for (const pb::InFlightBatch& batch : in_flight->batches()) {
    if (batch.worker() == Cluster::WorkerName(number)) mails += batch.message_count();
  }
  return mails;
}

// Waits until the sink has accepted no mail for a second: then every connection waits for a reply,
// and the mails with replies are recorded.
absl::Status WaitUntilSinkIsIdle(Cluster& cluster) {
  absl::StatusOr<std::int64_t> count = cluster.sink().Count();
  absl::Time since = absl::Now();
  return integration::WaitUntil("the sink accepts no mail for a second", [&] {
    const absl::StatusOr<std::int64_t> new_count = cluster.sink().Count();
    if (new_count != count) {
      count = new_count;
      since = absl::Now();
    }
    return count.ok() && absl::Now() - since >= absl::Seconds(1);
  });
}

absl::Status DelayReplies(Cluster& cluster) {
  return cluster.provider() != nullptr ? cluster.provider()->Fail(kDelayedAnswers)
                                       : cluster.sink().AddFault(kDelayedReplies);
}

absl::Status StopDelaying(Cluster& cluster) {
  return cluster.provider() != nullptr ? cluster.provider()->StopFailing()
                                       : cluster.sink().ClearFaults();
}

// The most mails that were accepted together: those of a request to a provider.
std::int64_t MostMailsTogether(const std::vector<Received>& received) {
  std::int64_t most = 0;
  for (auto first = received.begin(); first != received.end();) {
    const auto next = std::ranges::find_if(
        first, received.end(), [&](const Received& mail) { return mail.time != first->time; });
    most = std::max(most, static_cast<std::int64_t>(next - first));
    first = next;
  }
  return most;
}

// Kills one replica after the other. Returns the number of kills.
absl::StatusOr<int> KillInTurn(Cluster& cluster, Length length, bool keep_state) {
  LMSMAIL_RETURN_IF_ERROR(DelayReplies(cluster));
  int kills = 0;
  const auto kill_next = [&] {
    const int victim = kills++ % Cluster::kReplicas;
    const absl::Status killed = cluster.KillReplica(victim, keep_state);
    return killed.ok() ? cluster.StartReplica(victim) : killed;
  };
  LMSMAIL_RETURN_IF_ERROR(
      Repeat(absl::Seconds(1), Choose(length, absl::Seconds(8), absl::Seconds(60)), kill_next));
  LMSMAIL_RETURN_IF_ERROR(StopDelaying(cluster));
  LMSMAIL_RETURN_IF_ERROR(cluster.WaitUntilReplicasServe());
  return kills;
}

}  // namespace

absl::StatusOr<FaultOutcome> KillDispatch(Cluster& cluster, Length length) {
  LMSMAIL_ASSIGN_OR_RETURN(const int kills, KillInTurn(cluster, length, true));
  // The journal leaves one mail for each connection uncertain, or those of each request.
  FaultOutcome outcome{.max_duplicates = std::int64_t{kills} * kConnectionsPerReplica,
                       .note = fmt::format("{} kills", kills)};
  if (cluster.provider() == nullptr) return outcome;
  LMSMAIL_ASSIGN_OR_RETURN(const std::vector<Received> received, cluster.provider()->Ledger());
  const std::int64_t most = MostMailsTogether(received);
  *outcome.max_duplicates *= most;
  outcome.note += fmt::format(", at most {} mails in a request", most);
  return outcome;
}

absl::StatusOr<FaultOutcome> KillDispatchAndJournal(Cluster& cluster, Length length) {
  LMSMAIL_ASSIGN_OR_RETURN(const int kills, KillInTurn(cluster, length, false));
  return FaultOutcome{.max_duplicates = std::nullopt, .note = fmt::format("{} kills", kills)};
}

absl::StatusOr<FaultOutcome> StopDispatch(Cluster& cluster, Length length) {
  constexpr int kVictim = 0;
  const absl::Duration pause = Choose(length, kLease + absl::Seconds(4), absl::Seconds(60));
  // The delay ensures that the victim is stopped between two replies, with many claimed mails.
  LMSMAIL_RETURN_IF_ERROR(cluster.sink().AddFault("delay every=1 ms=5000"));
  LMSMAIL_RETURN_IF_ERROR(integration::WaitUntil("the victim has claimed many mails", [&] {
    return MailsClaimedBy(cluster, kVictim) >= kManyMails;
  }));
  LMSMAIL_RETURN_IF_ERROR(WaitUntilSinkIsIdle(cluster));
  cluster.SignalReplica(kVictim, SIGSTOP);
  LMSMAIL_RETURN_IF_ERROR(cluster.sink().ClearFaults());
  absl::SleepFor(pause);
  cluster.SignalReplica(kVictim, SIGCONT);
  LMSMAIL_RETURN_IF_ERROR(cluster.WaitUntilReplicasServe());
  // One mail for each connection: the sink accepted it and did not reply in time.
  return FaultOutcome{.max_duplicates = kConnectionsPerReplica,
                      .note = fmt::format("stopped for {}", absl::FormatDuration(pause))};
}

}  // namespace lmsmail::chaos
