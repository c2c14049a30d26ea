#include "tests/chaos/experiment.h"

#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <string_view>
#include <utility>

#include "absl/time/clock.h"

#include "libs/status/status_macros.h"
#include "libs/strings/view.h"
#include "tests/chaos/cluster.h"
#include "tests/chaos/ledgers.h"
#include "tests/chaos/small_disk.h"
#include "tests/chaos/traffic.h"
#include "tests/chaos/two_addresses.h"
#include "tests/integration/suite/lms_client.h"

namespace lmsmail::chaos {
namespace {

// Leases must expire, retries back off, and the machine may be busy.
constexpr absl::Duration kMaxRecovery = absl::Minutes(3);
constexpr std::size_t kMaxShown = 5;

void AddProblems(std::string_view what, const std::vector<std::string>& found, Result& result) {
  for (std::size_t i = 0; i < std::min(found.size(), kMaxShown); ++i) {
    result.problems.push_back(fmt::format("{}: {}", what, found[i]));
  }
  if (found.size() > kMaxShown) {
    result.problems.push_back(fmt::format("{}: {} more", what, found.size() - kMaxShown));
  }
}

// Returns a text such as: 0.213 s after "dispatch 1 killed".
std::string When(absl::Time time, const std::vector<Cluster::Event>& events) {
  const auto next = std::ranges::upper_bound(events, time, {}, &Cluster::Event::time);
  std::string text;
  if (next != events.begin()) {
    const auto& before = *std::prev(next);
    text = fmt::format("{:.3f} s after \"{}\"", absl::ToDoubleSeconds(time - before.time),
                       before.what);
  }
  if (next != events.end()) {
    text += fmt::format("{}{:.3f} s before \"{}\"", text.empty() ? "" : ", ",
                        absl::ToDoubleSeconds(next->time - time), next->what);
  }
  return text;
}

void CheckDuplicates(const Cluster& cluster, Result& result) {
  std::vector<Duplicate>& duplicates = result.verdict.duplicates;
  for (Duplicate& mail : duplicates) {
    std::string copies;
    for (const absl::Time copy : mail.copies) {
      copies += fmt::format("; a copy {}", When(copy, cluster.events()));
    }
    mail.history += copies;
  }
  if (!result.outcome.max_duplicates) return;
  const auto unexplained = std::ranges::count(duplicates, Cause::kUnrecorded, &Duplicate::cause);
  if (unexplained > 0) {
    result.problems.push_back(fmt::format("the log does not explain {} duplicates", unexplained));
  }
  const auto count = static_cast<std::int64_t>(duplicates.size());
  if (count <= *result.outcome.max_duplicates) return;
  std::vector<std::string> histories;
  for (const Duplicate& mail : duplicates) {
    histories.push_back(fmt::format("{}: {}", mail.message, mail.history));
  }
  result.problems.push_back(fmt::format("{} mails arrived twice; the fault explains at most {}",
                                        count, *result.outcome.max_duplicates));
  AddProblems("duplicate", histories, result);
}

// Sets `provided`. Otherwise returns false and marks the experiment as skipped.
template <typename T>
bool Provide(absl::StatusOr<std::unique_ptr<T>> made, std::unique_ptr<T>& provided,
             Result& result) {
  if (!made.ok()) {
    result.skipped = std::string(made.status().message());
    return false;
  }
  provided = *std::move(made);
  return true;
}

absl::Status Perform(const Fault& fault, Length length, const std::filesystem::path& folder,
                     Result& result) {
  std::vector<std::string> flags;
  if (!fault.flag.empty()) flags.emplace_back(fault.flag);
  LMSMAIL_ASSIGN_OR_RETURN(const std::unique_ptr<Cluster> cluster,
                           Cluster::Start(folder, flags, fault.provider));
  Traffic traffic(*cluster);
  LMSMAIL_RETURN_IF_ERROR(traffic.Start());
  LMSMAIL_ASSIGN_OR_RETURN(result.outcome, fault.apply(*cluster, length));
  const absl::Time fault_end = absl::Now();
  LMSMAIL_ASSIGN_OR_RETURN(const std::vector<Accepted> accepted, traffic.Stop());
  const absl::Status recovered =
      integration::WaitUntilQueueIsEmpty(*cluster->replica(0), kMaxRecovery);
  result.recovery = absl::Now() - fault_end;

  LMSMAIL_ASSIGN_OR_RETURN(const std::vector<Logged> log, ReadLog(*cluster));
  LMSMAIL_ASSIGN_OR_RETURN(const std::vector<Received> received, cluster->ReadReceived());
  result.verdict = Evaluate(accepted, log, received);
  LMSMAIL_RETURN_IF_ERROR(ExplainDuplicates(*cluster, result.verdict.duplicates));
  AddProblems("lost", result.verdict.lost, result);
  AddProblems("the ledgers contradict each other", result.verdict.contradictions, result);
  AddProblems("during the fault", result.outcome.violations, result);
  CheckDuplicates(*cluster, result);
  return recovered;
}

}  // namespace

Result RunExperiment(const Fault& fault, Length length, const std::filesystem::path& folder) {
  Result result{.fault = std::string(fault.name)};
  std::unique_ptr<SmallDisk> disk;
  if (fault.needs_small_disk && !Provide(SmallDisk::Mount(), disk, result)) return result;
  std::unique_ptr<TwoAddresses> addresses;
  if (fault.needs_two_addresses && !Provide(TwoAddresses::Ensure(), addresses, result)) {
    return result;
  }
  const absl::Status status = Perform(fault, length, folder, result);
  if (!status.ok()) result.problems.emplace_back(ToStd(status.message()));
  return result;
}

}  // namespace lmsmail::chaos
