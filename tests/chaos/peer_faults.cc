#include <fmt/format.h>

#include "absl/time/clock.h"

#include "libs/status/status_macros.h"
#include "tests/chaos/faults.h"

namespace lmsmail::chaos {
namespace {

// Mail that was already checked is still sent. Waits until the sink has received none for a second,
// then for `length`, in which no mail may be sent. Returns the violations.
absl::StatusOr<std::vector<std::string>> ExpectNoMail(Sink& sink, absl::Duration length) {
  constexpr absl::Duration kQuiet = absl::Seconds(1);
  constexpr int kMaxWaits = 20;
  LMSMAIL_ASSIGN_OR_RETURN(std::int64_t before, sink.Count());
  for (int i = 0; i < kMaxWaits; ++i) {
    absl::SleepFor(kQuiet);
    LMSMAIL_ASSIGN_OR_RETURN(const std::int64_t now, sink.Count());
    if (now == before) break;
    before = now;
  }
  absl::SleepFor(length);
  LMSMAIL_ASSIGN_OR_RETURN(const std::int64_t after, sink.Count());
  if (after == before) return std::vector<std::string>();
  return std::vector<std::string>{
      fmt::format("{} mails were sent while the service was down", after - before)};
}

absl::Duration Downtime(Length length) {
  return Choose(length, absl::Seconds(4), absl::Seconds(60));
}

}  // namespace

absl::StatusOr<FaultOutcome> StopPreference(Cluster& cluster, Length length) {
  FaultOutcome outcome{.note = fmt::format("down for {}", absl::FormatDuration(Downtime(length)))};
  cluster.RecordEvent("preference killed");
  LMSMAIL_RETURN_IF_ERROR(cluster.suite().Kill("preference"));
  LMSMAIL_ASSIGN_OR_RETURN(outcome.violations, ExpectNoMail(cluster.sink(), Downtime(length)));
  LMSMAIL_RETURN_IF_ERROR(cluster.suite().Restart("preference"));
  return outcome;
}

absl::StatusOr<FaultOutcome> StopTemplate(Cluster& cluster, Length length) {
  // Killing the replicas leaves mails uncertain, as in KillDispatch().
  FaultOutcome outcome{.max_duplicates = Cluster::kReplicas * kConnectionsPerReplica,
                       .note = fmt::format("down for {}", absl::FormatDuration(Downtime(length)))};
  cluster.RecordEvent("template killed");
  LMSMAIL_RETURN_IF_ERROR(cluster.suite().Kill("template"));
  for (int i = 0; i < Cluster::kReplicas; ++i) {
    LMSMAIL_RETURN_IF_ERROR(cluster.KillReplica(i));
    LMSMAIL_RETURN_IF_ERROR(cluster.StartReplica(i));
  }
  LMSMAIL_RETURN_IF_ERROR(cluster.WaitUntilReplicasServe());
  LMSMAIL_ASSIGN_OR_RETURN(outcome.violations, ExpectNoMail(cluster.sink(), Downtime(length)));
  LMSMAIL_RETURN_IF_ERROR(cluster.suite().Restart("template"));
  return outcome;
}

}  // namespace lmsmail::chaos
