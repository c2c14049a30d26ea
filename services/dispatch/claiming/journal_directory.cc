#include "services/dispatch/claiming/journal_directory.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
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

constexpr std::size_t kProbeBytes = 4096;

}  // namespace

absl::Status CheckStateDirectory(const std::string& directory) {
  if (directory.empty()) return absl::OkStatus();
  const std::string path = fmt::format("{}/health-{}.probe", directory, getpid());
  const int fd = open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  int error = fd < 0 ? errno : 0;
  if (fd >= 0) {
    const std::string bytes(kProbeBytes, ' ');
    const ssize_t written = write(fd, bytes.data(), bytes.size());
    if (written < 0) error = errno;
    if (written >= 0 && written < static_cast<ssize_t>(bytes.size())) error = ENOSPC;
    // Some file systems report a full disk only then.
    if (close(fd) != 0 && error == 0) error = errno;
    unlink(path.c_str());
  }
  if (error == 0) return absl::OkStatus();
  return absl::UnavailableError(fmt::format("worker.state_directory: cannot write to {}: {}",
                                            directory, std::generic_category().message(error)));
}

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
