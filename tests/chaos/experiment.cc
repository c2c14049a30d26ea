#include "tests/chaos/experiment.h"

#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <string_view>
#include <utility>

#include "absl/time/clock.h"

#include "libs/status/status_macros.h"
#include "libs/strings/view.h"
#include "tests/chaos/ledgers.h"
#include "tests/chaos/small_disk.h"
#include "tests/chaos/stage.h"
#include "tests/chaos/traffic.h"

namespace lmsmail::chaos {
namespace {

// Leases end, retries back off, and the machine may be busy.
constexpr absl::Duration kLongestRecovery = absl::Minutes(3);
constexpr std::size_t kMostShown = 5;

void AddProblems(std::string_view what, const std::vector<std::string>& found, Result& result) {
  for (std::size_t i = 0; i < std::min(found.size(), kMostShown); ++i) {
    result.problems.push_back(fmt::format("{}: {}", what, found[i]));
  }
  if (found.size() > kMostShown) {
    result.problems.push_back(fmt::format("{}: {} more", what, found.size() - kMostShown));
  }
}

// "+0.213 s after dispatch 1 killed"
std::string When(absl::Time at, const std::vector<Stage::Interruption>& interruptions) {
  const auto next = std::ranges::upper_bound(interruptions, at, {}, &Stage::Interruption::at);
  std::string text;
  if (next != interruptions.begin()) {
    const auto& before = *std::prev(next);
    text = fmt::format("{:.3f} s after \"{}\"", absl::ToDoubleSeconds(at - before.at), before.what);
  }
  if (next != interruptions.end()) {
    text += fmt::format("{}{:.3f} s before \"{}\"", text.empty() ? "" : ", ",
                        absl::ToDoubleSeconds(next->at - at), next->what);
  }
  return text;
}

void JudgeDoubled(const Stage& stage, Result& result) {
  std::vector<Doubled>& doubled = result.verdict.doubled;
  for (Doubled& mail : doubled) {
    std::string copies;
    for (const absl::Time copy : mail.copies) {
      copies += fmt::format("; a copy {}", When(copy, stage.interruptions()));
    }
    mail.story += copies;
  }
  const auto count = static_cast<std::int64_t>(doubled.size());
  if (!result.applied.most_doubled || count <= *result.applied.most_doubled) return;
  std::vector<std::string> stories;
  for (const Doubled& mail : doubled) {
    stories.push_back(fmt::format("{}: {}", mail.message, mail.story));
  }
  result.problems.push_back(
      fmt::format("{} mails came twice, at most {} may", count, *result.applied.most_doubled));
  AddProblems("twice", stories, result);
}

absl::Status Perform(const Fault& fault, Length length, const std::filesystem::path& folder,
                     Result& result) {
  LMSMAIL_ASSIGN_OR_RETURN(const std::unique_ptr<Stage> stage, Stage::Start(folder));
  Traffic traffic(*stage, {});
  LMSMAIL_RETURN_IF_ERROR(traffic.Start());
  LMSMAIL_ASSIGN_OR_RETURN(result.applied, fault.apply(*stage, length));
  const absl::Time removed = absl::Now();
  LMSMAIL_ASSIGN_OR_RETURN(const std::vector<Accepted> accepted, traffic.Stop());
  const absl::Status recovered = WaitForOutcomes(*stage, kLongestRecovery);
  result.recovery = absl::Now() - removed;

  LMSMAIL_ASSIGN_OR_RETURN(const std::vector<Logged> log, ReadLog(*stage));
  LMSMAIL_ASSIGN_OR_RETURN(const std::vector<Taken> taken, stage->sink().Ledger());
  result.verdict = Judge(accepted, log, taken);
  LMSMAIL_RETURN_IF_ERROR(Attribute(*stage, result.verdict.doubled));
  AddProblems("lost", result.verdict.lost, result);
  AddProblems("the ledgers disagree", result.verdict.faults, result);
  AddProblems("meanwhile", result.applied.faults, result);
  JudgeDoubled(*stage, result);
  return recovered;
}

}  // namespace

Result Try(const Fault& fault, Length length, const std::filesystem::path& folder) {
  Result result{.fault = std::string(fault.name)};
  std::unique_ptr<SmallDisk> disk;
  if (fault.needs_small_disk) {
    absl::StatusOr<std::unique_ptr<SmallDisk>> mounted = SmallDisk::Mount();
    if (!mounted.ok()) {
      result.skipped = std::string(mounted.status().message());
      return result;
    }
    disk = *std::move(mounted);
  }
  const absl::Status status = Perform(fault, length, folder, result);
  if (!status.ok()) result.problems.emplace_back(ToStd(status.message()));
  return result;
}

}  // namespace lmsmail::chaos
