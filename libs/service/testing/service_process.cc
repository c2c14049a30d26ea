#include "libs/service/testing/service_process.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>
#include <utility>

#include "libs/testing/sanitizer_options.h"

namespace lmsmail::service {
namespace {

[[noreturn]] void Die(std::string_view what) {
  fmt::print(stderr, "ServiceProcess: {}\n", what);
  std::abort();
}

}  // namespace

ServiceProcess::ServiceProcess(const std::string& binary, std::vector<std::string> flags) {
  flags.insert(flags.begin(), binary);
  flags.emplace_back("--log.format=json");
  std::vector<char*> argv;
  for (std::string& flag : flags) argv.push_back(flag.data());
  argv.push_back(nullptr);
  std::vector<std::string> sanitizers = SanitizerOptions();
  std::vector<char*> environment;
  for (std::string& options : sanitizers) environment.push_back(options.data());
  environment.push_back(nullptr);

  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) Die("no pipe");
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
  posix_spawn_file_actions_adddup2(&actions, ends[1], STDERR_FILENO);
  const int error =
      posix_spawn(&pid_, binary.c_str(), &actions, nullptr, argv.data(), environment.data());
  posix_spawn_file_actions_destroy(&actions);
  close(ends[1]);
  if (error != 0) Die(fmt::format("can't run {}", binary));
  output_.reset(fdopen(ends[0], "r"));
}

ServiceProcess::~ServiceProcess() {
  if (pid_ < 0) return;
  Signal(SIGKILL);
  WaitForExit();
}

std::string ServiceProcess::WaitForLine(std::string_view text) {
  char* buffer = nullptr;
  std::size_t capacity = 0;
  std::string found;
  while (found.empty()) {
    const ssize_t length = getline(&buffer, &capacity, output_.get());
    if (length < 0) break;
    const std::string_view line(buffer, static_cast<std::size_t>(length));
    log_ += line;
    if (line.find(text) != std::string_view::npos) found = line;
  }
  std::free(buffer);
  return found;
}

int ServiceProcess::WaitForPort() {
  const std::string line = WaitForLine("\"listening\"");
  constexpr std::string_view kPort = "\"port\":";
  const std::size_t at = line.find(kPort);
  if (at == std::string::npos) Die("did not listen: " + log_);
  return std::atoi(line.c_str() + at + kPort.size());
}

void ServiceProcess::Signal(int signal) const { kill(pid_, signal); }

std::int64_t ServiceProcess::PeakMemory() const {
  std::ifstream status(fmt::format("/proc/{}/status", pid_));  // proc(5)
  for (std::string line; std::getline(status, line);) {
    if (line.starts_with("VmHWM:")) return std::atoll(line.c_str() + 6) * 1024;
  }
  Die("has no memory");
}

int ServiceProcess::WaitForExit() {
  // Reads to the end, so that the process does not block on a full pipe.
  while (!WaitForLine("\n").empty()) {
  }
  int status = 0;
  waitpid(std::exchange(pid_, -1), &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

}  // namespace lmsmail::service
