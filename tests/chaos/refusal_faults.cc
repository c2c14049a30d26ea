#include <fmt/format.h>

#include "absl/time/clock.h"

#include "libs/status/status_macros.h"
#include "tests/chaos/faults.h"

// The mail server refuses us, which is no mail's fault: none may fail, and while the circuit
// breaker is open only its probes reach the server.
namespace lmsmail::chaos {
namespace {

// The probes of all replicas within `time`, and one more each for the end of the interval.
std::int64_t ProbesIn(absl::Duration time) {
  return Cluster::kReplicas * (time / kMinBreakerOpenTime + 1);
}

// Applies a rule to the sink for `time`. Reports `counter`, which may not exceed `at_first` for
// each replica and the number of probes.
absl::StatusOr<FaultOutcome> Refuse(Cluster& cluster, std::string_view rule,
                                    std::string_view counter, std::int64_t at_first,
                                    absl::Duration time) {
  cluster.RecordEvent(fmt::format("{} begins", rule));
  LMSMAIL_RETURN_IF_ERROR(cluster.sink().AddFault(rule));
  cluster.smtp_link().ResetConnections();
  absl::SleepFor(time);
  LMSMAIL_RETURN_IF_ERROR(cluster.sink().ClearFaults());
  cluster.RecordEvent(fmt::format("{} ends", rule));
  LMSMAIL_ASSIGN_OR_RETURN(const std::int64_t refused, cluster.sink().Count(counter));
  const std::int64_t most = Cluster::kReplicas * at_first + ProbesIn(time);
  // Resetting the connections can cut a mail off between its last byte and the reply.
  FaultOutcome outcome{
      .max_duplicates = Cluster::kReplicas * kConnectionsPerReplica,
      .note = fmt::format("{} refused within {}", refused, absl::FormatDuration(time))};
  if (refused == 0) outcome.violations.emplace_back("nothing was refused");
  if (refused > most) {
    outcome.violations.push_back(fmt::format(
        "{}: {}, of which probes and mail in flight explain {}", counter, refused, most));
  }
  return outcome;
}

}  // namespace

absl::StatusOr<FaultOutcome> UseUpQuota(Cluster& cluster, Length length) {
  // Each connection has a mail in its envelope phase when the first refusal arrives, and the
  // pipeline holds the next.
  return Refuse(cluster, "quota", "refused_quota", 2 * kConnectionsPerReplica,
                Choose(length, absl::Seconds(6), absl::Seconds(60)));
}

absl::StatusOr<FaultOutcome> RevokePassword(Cluster& cluster, Length length) {
  // Urgent and ordinary mail have connections of their own, of which one each logs in first.
  return Refuse(cluster, "login", "refused_logins", 2,
                Choose(length, absl::Seconds(6), absl::Minutes(10)));
}

}  // namespace lmsmail::chaos
