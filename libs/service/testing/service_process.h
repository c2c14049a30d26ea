#pragma once

#include <sys/types.h>

#include <cstdio>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace lmsmail::service {

// A service's binary as a process of its own, its log at hand. Killed when destroyed.
class ServiceProcess {
 public:
  // With JSON logging, and an environment that has no configuration. Aborts when it can't be run.
  ServiceProcess(const std::string& binary, std::vector<std::string> flags);
  ~ServiceProcess();
  ServiceProcess(const ServiceProcess&) = delete;
  ServiceProcess& operator=(const ServiceProcess&) = delete;

  // Reads the log up to the line that contains `text`, and returns that line; empty when the
  // process ended without one.
  std::string WaitForLine(std::string_view text);
  // Its port, from the log.
  int WaitForPort();

  void Signal(int signal) const;
  // Waits for the end; the exit code, or -1 when a signal ended it.
  int WaitForExit();

  // All that was read of the log so far.
  const std::string& log() const { return log_; }

 private:
  pid_t pid_ = -1;
  std::unique_ptr<std::FILE, int (*)(std::FILE*)> output_{nullptr, &std::fclose};
  std::string log_;
};

}  // namespace lmsmail::service
