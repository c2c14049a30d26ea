#include "libs/postgres/testing/process.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <fstream>
#include <iterator>

#include "libs/status/status_macros.h"
#include "libs/testing/sanitizer_options.h"

namespace lmsmail::postgres {

std::vector<std::string> AsServerUser(std::vector<std::string> argv) {
  if (::geteuid() != 0) return argv;
  std::vector<std::string> wrapped = {"setpriv", "--reuid=postgres", "--regid=postgres",
                                      "--clear-groups", "--"};
  wrapped.insert(wrapped.end(), argv.begin(), argv.end());
  return wrapped;
}

absl::StatusOr<pid_t> Spawn(const Command& command) {
  std::vector<char*> argv;
  for (const std::string& word : command.argv) argv.push_back(const_cast<char*>(word.c_str()));
  argv.push_back(nullptr);
  char path[] = "PATH=/usr/sbin:/usr/bin:/sbin:/bin";
  char language[] = "LANG=C.UTF-8";
  std::vector<std::string> sanitizers = SanitizerOptions();
  std::vector<char*> environment = {path, language};
  for (std::string& options : sanitizers) environment.push_back(options.data());
  environment.push_back(nullptr);

  posix_spawn_file_actions_t files;
  posix_spawn_file_actions_init(&files);
  if (command.stdin_fd >= 0) {
    posix_spawn_file_actions_adddup2(&files, command.stdin_fd, STDIN_FILENO);
  } else {
    posix_spawn_file_actions_addopen(&files, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  }
  posix_spawn_file_actions_addopen(&files, STDOUT_FILENO, command.log.c_str(),
                                   O_WRONLY | O_CREAT | O_APPEND, 0644);
  posix_spawn_file_actions_adddup2(&files, STDOUT_FILENO, STDERR_FILENO);
  // An inherited connection would stay open when this process closes it.
  posix_spawn_file_actions_addclosefrom_np(&files, STDERR_FILENO + 1);
  posix_spawnattr_t attributes;
  posix_spawnattr_init(&attributes);
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP);

  pid_t pid = 0;
  const int error =
      posix_spawnp(&pid, argv[0], &files, &attributes, argv.data(), environment.data());
  posix_spawnattr_destroy(&attributes);
  posix_spawn_file_actions_destroy(&files);
  if (error != 0) {
    return absl::InternalError(
        fmt::format("cannot start {}: {}", command.argv[0], std::strerror(error)));
  }
  return pid;
}

absl::Status RunToEnd(const Command& command) {
  LMSMAIL_ASSIGN_OR_RETURN(const pid_t pid, Spawn(command));
  int status = 0;
  while (::waitpid(pid, &status, 0) < 0) {
    if (errno != EINTR) return absl::InternalError(std::strerror(errno));
  }
  if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return absl::OkStatus();
  return absl::InternalError(
      fmt::format("{} failed:\n{}", fmt::join(command.argv, " "), Tail(command.log)));
}

std::string Tail(const std::filesystem::path& path) {
  constexpr std::size_t kMaxSize = 2000;
  std::ifstream file(path);
  const std::string text(std::istreambuf_iterator<char>(file), {});
  return text.substr(text.size() - std::min(text.size(), kMaxSize));
}

}  // namespace lmsmail::postgres
