#include "tests/integration/suite/process.h"

#include <fmt/format.h>
#include <signal.h>
#include <sys/wait.h>

#include <cstdlib>
#include <fstream>
#include <iterator>
#include <system_error>
#include <utility>

#include "libs/postgres/testing/process.h"
#include "libs/status/status_macros.h"
#include "tests/integration/suite/wait.h"

namespace lmsmail::integration {

absl::StatusOr<Process> Process::Start(std::vector<std::string> argv, std::filesystem::path log) {
  argv.insert(argv.begin(), {"setpriv", "--pdeathsig", "KILL", "--"});
  std::error_code absent;
  const auto size = std::filesystem::file_size(log, absent);
  LMSMAIL_ASSIGN_OR_RETURN(const pid_t pid, postgres::Spawn({.argv = std::move(argv), .log = log}));
  return Process(pid, std::move(log), absent ? 0 : size);
}

Process::Process(pid_t pid, std::filesystem::path log, std::size_t log_start)
    : pid_(pid), log_(std::move(log)), log_start_(log_start) {}

Process::Process(Process&& other) noexcept
    : pid_(std::exchange(other.pid_, 0)),
      exit_(other.exit_),
      log_(std::move(other.log_)),
      log_start_(other.log_start_) {}

Process& Process::operator=(Process&& other) noexcept {
  std::swap(pid_, other.pid_);
  std::swap(exit_, other.exit_);
  std::swap(log_, other.log_);
  std::swap(log_start_, other.log_start_);
  return *this;
}

Process::~Process() {
  if (pid_ == 0) return;
  ::kill(pid_, SIGKILL);
  ::waitpid(pid_, nullptr, 0);
}

void Process::Signal(int signal) const {
  if (pid_ != 0) ::kill(pid_, signal);
}

bool Process::Ended() {
  if (pid_ == 0) return true;
  int status = 0;
  if (::waitpid(pid_, &status, WNOHANG) != pid_) return false;
  pid_ = 0;
  exit_ = WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
  return true;
}

absl::StatusOr<int> Process::WaitForExit(absl::Duration timeout) {
  LMSMAIL_RETURN_IF_ERROR(
      WaitUntil(fmt::format("process {} ends", pid_), [this] { return Ended(); }, timeout));
  return exit_;
}

std::string Process::Output() const {
  std::ifstream file(log_, std::ios::binary);
  file.seekg(static_cast<std::streamoff>(log_start_));
  return std::string(std::istreambuf_iterator<char>(file), {});
}

absl::StatusOr<std::string> Process::WaitForLine(std::string_view text) {
  std::string line;
  bool ended = false;
  const auto found = [&] {
    const bool had_ended = Ended();  // before reading, so that no output is missed
    const std::string output = Output();
    const std::size_t at = output.find(text);
    const std::size_t end = output.find('\n', at);
    if (at != std::string::npos && end != std::string::npos) {
      const std::size_t before = output.rfind('\n', at);
      const std::size_t start = before == std::string::npos ? 0 : before + 1;
      line = output.substr(start, end - start);
    }
    ended = had_ended && line.empty();
    return !line.empty() || ended;
  };
  LMSMAIL_RETURN_IF_ERROR(
      WaitUntil(fmt::format("{} has a line with \"{}\"", log_.string(), text), found));
  if (ended) {
    return absl::InternalError(
        fmt::format("the process ended without \"{}\":\n{}", text, postgres::Tail(log_)));
  }
  return line;
}

absl::StatusOr<std::string> RunToEnd(std::vector<std::string> argv, std::filesystem::path log,
                                     absl::Duration timeout) {
  LMSMAIL_ASSIGN_OR_RETURN(Process process, Process::Start(std::move(argv), std::move(log)));
  LMSMAIL_ASSIGN_OR_RETURN(const int code, process.WaitForExit(timeout));
  if (code != 0) return absl::InternalError(process.Output());
  return process.Output();
}

absl::StatusOr<int> NumberIn(std::string_view line, std::string_view key) {
  const std::string quoted = fmt::format("\"{}\":", key);
  const std::size_t at = line.find(quoted);
  if (at == std::string_view::npos) {
    return absl::InternalError(fmt::format("no \"{}\" in {}", key, line));
  }
  return std::atoi(std::string(line.substr(at + quoted.size())).c_str());
}

}  // namespace lmsmail::integration
