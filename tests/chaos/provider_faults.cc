#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "absl/time/clock.h"

#include "libs/status/status_macros.h"
#include "tests/chaos/faults.h"
#include "tests/chaos/repeat.h"

// The provider fails in the ways its documentation names, or is gone.
namespace lmsmail::chaos {
namespace {

// In turn. Many requests are in flight at a time, so that others succeed beside those that fail.
// The last ones slow mail down: 429 and 503 by the adaptive throttle, the wrong body by the circuit
// breaker. Mail flows again at the end.
constexpr std::string_view kPlans[] = {
    R"({"mode":"cut-before-body","every":5})",
    R"({"mode":"cut-after-body","every":5})",
    R"({"mode":"cut-after-accept","every":5})",
    R"({"mode":"slow","every":3,"delay_ms":300})",
    R"({"mode":"500","every":2})",
    R"({"mode":"429","every":3,"reset_seconds":1})",
    R"({"mode":"503","every":2})",
    R"({"mode":"wrong-body","for_requests":3})",
    R"({"mode":"none"})",
};
// What the plans and the refused recipient must have led to.
constexpr std::string_view kExpectedAnswers[] = {"200", "400", "429", "500", "503", "cut"};

// So that there are always requests whose mails are accepted and which wait for their answer.
constexpr std::string_view kDelayedAnswers = R"({"mode":"slow","every":2,"delay_ms":50})";
// Answers take less than this.
constexpr absl::Duration kLongestAnswer = absl::Seconds(1);

// The probes of a replica whose circuit breaker opens at the start of `time`.
std::int64_t ProbesIn(absl::Duration time) {
  std::int64_t probes = 0;
  absl::Duration wait = kMinBreakerOpenTime;
  for (absl::Duration at = wait; at <= time; at += wait) {
    ++probes;
    wait = std::min(2 * wait, 4 * kMinBreakerOpenTime);
  }
  return probes;
}

int ErrorsInLog(Cluster& cluster, int replica) {
  constexpr std::string_view kError = R"("level":"error")";
  const std::string log = cluster.process(replica).Output();
  int errors = 0;
  for (std::size_t at = 0; (at = log.find(kError, at)) != std::string::npos; ++at) ++errors;
  return errors;
}

}  // namespace

absl::StatusOr<FaultOutcome> FailRequests(Cluster& cluster, Length length) {
  Provider& provider = *cluster.provider();
  std::size_t next = 0;
  const auto fail_otherwise = [&] {
    const std::string_view plan = kPlans[next++ % std::size(kPlans)];
    cluster.RecordEvent(std::string(plan));
    return provider.Fail(plan);
  };
  const absl::Duration time =
      static_cast<int>(std::size(kPlans)) * Choose(length, absl::Seconds(1), absl::Seconds(7));
  LMSMAIL_RETURN_IF_ERROR(Repeat(absl::Seconds(1), time, fail_otherwise));
  LMSMAIL_RETURN_IF_ERROR(provider.StopFailing());

  FaultOutcome outcome;
  LMSMAIL_ASSIGN_OR_RETURN(const auto answers, provider.Answers());
  for (const auto& [status, count] : answers) {
    outcome.note +=
        fmt::format("{}{} {}", outcome.note.empty() ? "requests: " : ", ", count, status);
  }
  for (const std::string_view status : kExpectedAnswers) {
    if (!answers.contains(std::string(status))) {
      outcome.violations.push_back(fmt::format("no request was answered with {}", status));
    }
  }
  LMSMAIL_ASSIGN_OR_RETURN(const std::vector<Received> received, provider.Ledger());
  outcome.max_duplicates = std::ranges::count(received, false, &Received::answered);
  outcome.note += fmt::format("; {} mails accepted without an answer", *outcome.max_duplicates);
  return outcome;
}

absl::StatusOr<FaultOutcome> RevokeApiKey(Cluster& cluster, Length length) {
  Provider& provider = *cluster.provider();
  std::vector<int> errors_before;
  for (int i = 0; i < Cluster::kReplicas; ++i) errors_before.push_back(ErrorsInLog(cluster, i));
  const absl::Time start = absl::Now();
  LMSMAIL_RETURN_IF_ERROR(provider.Fail(R"({"mode":"revoked"})"));
  absl::SleepFor(Choose(length, absl::Seconds(8), absl::Seconds(60)));
  LMSMAIL_RETURN_IF_ERROR(provider.StopFailing());
  const absl::Duration time = absl::Now() - start;

  LMSMAIL_ASSIGN_OR_RETURN(const auto answers, provider.Answers());
  const std::int64_t refused = answers.contains("401") ? answers.at("401") : 0;
  // All requests of a replica may be in flight when the key is revoked.
  const std::int64_t most = Cluster::kReplicas * (kConnectionsPerReplica + ProbesIn(time));
  FaultOutcome outcome{.note =
                           fmt::format("{} requests refused within {}", refused,
                                       absl::FormatDuration(absl::Trunc(time, absl::Seconds(1))))};
  if (refused > most) {
    outcome.violations.push_back(
        fmt::format("{} requests were refused, of which probes and requests in flight explain {}",
                    refused, most));
  }
  for (int i = 0; i < Cluster::kReplicas; ++i) {
    const int errors = ErrorsInLog(cluster, i) - errors_before.at(static_cast<std::size_t>(i));
    if (errors == 1) continue;
    outcome.violations.push_back(
        fmt::format("{} has logged {} errors instead of 1", Cluster::WorkerName(i), errors));
  }
  return outcome;
}

absl::StatusOr<FaultOutcome> KillProvider(Cluster& cluster, Length length) {
  Provider& provider = *cluster.provider();
  const int kills = Choose(length, 3, 20);
  std::vector<absl::Time> times;
  for (int i = 0; i < kills; ++i) {
    LMSMAIL_RETURN_IF_ERROR(provider.Fail(kDelayedAnswers));
    absl::SleepFor(absl::Seconds(2));
    cluster.RecordEvent("provider killed");
    LMSMAIL_RETURN_IF_ERROR(provider.Kill());
    times.push_back(absl::Now());
    absl::SleepFor(absl::Seconds(1));
    LMSMAIL_RETURN_IF_ERROR(provider.Restart());
  }
  LMSMAIL_ASSIGN_OR_RETURN(const std::vector<Received> received, provider.Ledger());
  const std::int64_t in_flight = std::ranges::count_if(received, [&](const Received& mail) {
    return std::ranges::any_of(times, [&](absl::Time kill) {
      return mail.time <= kill && mail.time > kill - kLongestAnswer;
    });
  });
  return FaultOutcome{.max_duplicates = in_flight,
                      .note = fmt::format("{} kills, {} mails accepted within {} before one", kills,
                                          in_flight, absl::FormatDuration(kLongestAnswer))};
}

}  // namespace lmsmail::chaos
