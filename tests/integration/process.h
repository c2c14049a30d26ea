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

// A program as a process of its own. What it writes goes to a file, so that nobody has to read it
// for it to go on. It ends with this object, and also when the test program crashes or is killed.
class Process {
 public:
  // Appends to `log`. The environment holds no configuration.
  static absl::StatusOr<Process> Start(std::vector<std::string> argv, std::filesystem::path log);
  ~Process();
  Process(Process&& other) noexcept;
  Process& operator=(Process&& other) noexcept;

  void Signal(int signal) const;
  // The exit code, or minus the number of the signal that ended it.
  absl::StatusOr<int> WaitForExit(absl::Duration timeout);

  // Waits for a whole line with `text` among those that this process wrote; INTERNAL, with the
  // log's end, if it ends without one.
  absl::StatusOr<std::string> WaitForLine(std::string_view text);
  // What it wrote so far.
  std::string Output() const;

 private:
  Process(pid_t pid, std::filesystem::path log, std::size_t log_start);

  bool Ended();

  pid_t pid_;  // 0 once it was waited for
  int exit_ = 0;
  std::filesystem::path log_;
  std::size_t log_start_;
};

// The number behind "key": in a line of JSON, as programs announce their ports.
absl::StatusOr<int> NumberIn(std::string_view line, std::string_view key);

}  // namespace lmsmail::integration
