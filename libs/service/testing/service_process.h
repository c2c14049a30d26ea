#pragma once

#include <sys/types.h>

#include <cstdint>
#include <cstdio>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace lmsmail::service {

// Runs a service's binary as a process and reads its log. The destructor kills it.
class ServiceProcess {
 public:
  // Starts it with JSON logging and without configuration in the environment. Aborts on failure.
  ServiceProcess(const std::string& binary, std::vector<std::string> flags);
  ~ServiceProcess();
  ServiceProcess(const ServiceProcess&) = delete;
  ServiceProcess& operator=(const ServiceProcess&) = delete;

  // Reads the log up to the line that contains `text`, and returns that line; empty when the
  // process ended without one.
  std::string WaitForLine(std::string_view text);
  // The port of its gRPC server, read from the log.
  int WaitForPort();

  void Signal(int signal) const;
  // The largest resident set that it has had, in bytes.
  std::int64_t PeakMemory() const;
  // Waits for its end. Returns the exit code, or -1 when a signal ended it.
  int WaitForExit();

  // The part of the log that was read so far.
  const std::string& log() const { return log_; }

 private:
  pid_t pid_ = -1;
  std::unique_ptr<std::FILE, int (*)(std::FILE*)> output_{nullptr, &std::fclose};
  std::string log_;
};

}  // namespace lmsmail::service
