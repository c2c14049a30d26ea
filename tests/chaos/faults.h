#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/types/span.h"

#include "tests/chaos/cluster.h"

namespace lmsmail::chaos {

enum class Length { kShort, kLong };
template <typename T>
T Choose(Length length, T short_value, T long_value) {
  return length == Length::kShort ? short_value : long_value;
}

// The result of applying a fault.
struct FaultOutcome {
  // The number of duplicates that the fault can explain; nullopt if there is no limit.
  std::optional<std::int64_t> max_duplicates = 0;
  std::string note = {};                     // what was done
  std::vector<std::string> violations = {};  // observations during the fault that must not occur
};

// A fault to inject into a cluster while mail flows. `apply` returns after it has removed the
// fault.
struct Fault {
  std::string_view name;
  std::string_view description;
  absl::StatusOr<FaultOutcome> (*apply)(Cluster& cluster, Length length);
  std::string_view flag = {};        // of every replica
  bool needs_small_disk = false;     // the database must be on a disk that can be filled
  bool needs_two_addresses = false;  // localhost must have ::1 before 127.0.0.1
  std::string_view provider = {};    // "sendgrid": mail goes to the fake of its API
};

absl::Span<const Fault> Faults();
// Returns nullptr if there is no such fault.
const Fault* FindFault(std::string_view name);

// process_faults.cc
absl::StatusOr<FaultOutcome> KillDispatch(Cluster& cluster, Length length);
absl::StatusOr<FaultOutcome> KillDispatchAndJournal(Cluster& cluster, Length length);
absl::StatusOr<FaultOutcome> StopDispatch(Cluster& cluster, Length length);

// database_faults.cc
absl::StatusOr<FaultOutcome> KillPostgres(Cluster& cluster, Length length);
absl::StatusOr<FaultOutcome> TerminateBackends(Cluster& cluster, Length length);
absl::StatusOr<FaultOutcome> FillDisk(Cluster& cluster, Length length);
absl::StatusOr<FaultOutcome> PurgeLogs(Cluster& cluster, Length length);

// link_faults.cc
absl::StatusOr<FaultOutcome> CutPostgres(Cluster& cluster, Length length);
absl::StatusOr<FaultOutcome> LosePostgres(Cluster& cluster, Length length);
absl::StatusOr<FaultOutcome> StallPostgres(Cluster& cluster, Length length);
absl::StatusOr<FaultOutcome> SlowPostgres(Cluster& cluster, Length length);
absl::StatusOr<FaultOutcome> LoseCommits(Cluster& cluster, Length length);
absl::StatusOr<FaultOutcome> LoseClaims(Cluster& cluster, Length length);
absl::StatusOr<FaultOutcome> CutSmtp(Cluster& cluster, Length length);
absl::StatusOr<FaultOutcome> StallSmtp(Cluster& cluster, Length length);
absl::StatusOr<FaultOutcome> SlowSmtp(Cluster& cluster, Length length);
absl::StatusOr<FaultOutcome> DropAfterDot(Cluster& cluster, Length length);

// refusal_faults.cc
absl::StatusOr<FaultOutcome> UseUpQuota(Cluster& cluster, Length length);
absl::StatusOr<FaultOutcome> RevokePassword(Cluster& cluster, Length length);

// provider_faults.cc
absl::StatusOr<FaultOutcome> FailRequests(Cluster& cluster, Length length);
absl::StatusOr<FaultOutcome> RevokeApiKey(Cluster& cluster, Length length);
absl::StatusOr<FaultOutcome> KillProvider(Cluster& cluster, Length length);

// connection_faults.cc
absl::StatusOr<FaultOutcome> KillFirstAddress(Cluster& cluster, Length length);

// resource_faults.cc
absl::StatusOr<FaultOutcome> ExhaustDescriptors(Cluster& cluster, Length length);
absl::StatusOr<FaultOutcome> AttackMemory(Cluster& cluster, Length length);

// peer_faults.cc
absl::StatusOr<FaultOutcome> StopPreference(Cluster& cluster, Length length);
absl::StatusOr<FaultOutcome> StopTemplate(Cluster& cluster, Length length);

}  // namespace lmsmail::chaos
