#include "services/dispatch/claiming/journal_directory.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <set>
#include <string_view>
#include <system_error>
#include <utility>

namespace lmsmail::dispatch {
namespace {

constexpr std::string_view kExtension = ".journal";

absl::Status Unusable(std::string_view error) {
  return absl::FailedPreconditionError(fmt::format(
      "worker.state_directory: {}. Name a directory that this user can write and that outlives "
      "restarts, or set the key to \"\" to run without a journal; then a crash sends mail twice",
      error));
}

}  // namespace

absl::StatusOr<Journals> OpenJournals(const std::string& directory, std::size_t mails) {
  Journals journals;
  // ALREADY_EXISTS: another process has the file.
  const auto open = [&](const std::string& path) -> absl::Status {
    auto journal = IntentJournal::Open(path, mails);
    if (!journal.ok()) return journal.status();
    if (journals.own == nullptr) {
      journals.own = *std::move(journal);
    } else {
      journals.abandoned.push_back(*std::move(journal));
    }
    return absl::OkStatus();
  };
  if (directory.empty()) {
    const absl::Status status = open("");
    if (!status.ok()) return status;
    return journals;
  }
  std::error_code error;
  std::filesystem::create_directories(directory, error);
  std::set<std::filesystem::path> paths;  // in order
  if (!error) {
    std::filesystem::directory_iterator it(directory, error);
    for (; !error && it != std::filesystem::directory_iterator(); it.increment(error)) {
      if (it->path().extension() == kExtension) paths.insert(it->path());
    }
  }
  if (error) return Unusable(fmt::format("cannot use {}: {}", directory, error.message()));
  for (const std::filesystem::path& path : paths) {
    const absl::Status status = open(path);
    if (!status.ok() && !absl::IsAlreadyExists(status))
      return Unusable(std::string(status.message()));
  }
  // Others may create the same file at this time; one of them locks it.
  for (int number = 0; journals.own == nullptr; ++number) {
    const std::filesystem::path path =
        std::filesystem::path(directory) / fmt::format("dispatch-{}{}", number, kExtension);
    if (paths.contains(path)) continue;
    const absl::Status status = open(path);
    if (!status.ok() && !absl::IsAlreadyExists(status))
      return Unusable(std::string(status.message()));
  }
  return journals;
}

}  // namespace lmsmail::dispatch
