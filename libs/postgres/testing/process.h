#pragma once

#include <sys/types.h>

#include <filesystem>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace lmsmail::postgres {

struct Command {
  std::vector<std::string> argv;
  std::filesystem::path log;  // receives stdout and stderr
  int stdin_fd = -1;          // -1: nothing to read
};

// `argv` to be run by user postgres if this process is root, as whom neither PostgreSQL nor
// PgBouncer runs.
std::vector<std::string> AsServerUser(std::vector<std::string> argv);

// Starts `command` in its own process group, so that Ctrl-C in a terminal does not reach it, and
// with a clean environment, so that no PG* variable does.
absl::StatusOr<pid_t> Spawn(const Command& command);

// Runs `command` and waits for its end. INTERNAL, with the end of its log, when it fails.
absl::Status RunToEnd(const Command& command);

// The last lines of the file at `path`.
std::string Tail(const std::filesystem::path& path);

}  // namespace lmsmail::postgres
