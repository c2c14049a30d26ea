#pragma once

#include <sys/types.h>

#include <cstddef>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"

namespace lmsmail::integration {

// A child process. Its output goes to a file, so that it never blocks on a full pipe. It ends with
// this object, and also when the test program crashes or is killed.
class Process {
 public:
  // Appends the output to `log`. The environment holds no configuration.
  static absl::StatusOr<Process> Start(std::vector<std::string> argv, std::filesystem::path log);
  ~Process();
  Process(Process&& other) noexcept;
  Process& operator=(Process&& other) noexcept;

  void Signal(int signal) const;
  // 0 after the end was noticed.
  pid_t pid() const { return pid_; }
  // Returns the exit code, or minus the number of the signal that ended the process.
  absl::StatusOr<int> WaitForExit(absl::Duration timeout);

  // Waits until the process has written a complete line with `text`, and returns it. Returns
  // INTERNAL with the end of the log if the process ends without such a line.
  absl::StatusOr<std::string> WaitForLine(std::string_view text);
  // Returns the output so far.
  std::string Output() const;

 private:
  Process(pid_t pid, std::filesystem::path log, std::size_t log_start);

  bool Ended();

  pid_t pid_;  // 0 after the process was reaped
  int exit_ = 0;
  std::filesystem::path log_;
  std::size_t log_start_;
};

// Runs a program to its end and returns what it prints, which also goes to `log`. INTERNAL, with
// that, if it fails.
absl::StatusOr<std::string> RunToEnd(std::vector<std::string> argv, std::filesystem::path log,
                                     absl::Duration timeout);

// Returns the number after "key": in a line of JSON. Programs announce their ports in this form.
absl::StatusOr<int> NumberIn(std::string_view line, std::string_view key);

}  // namespace lmsmail::integration
