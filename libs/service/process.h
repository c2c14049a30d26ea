#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/time/time.h"

#include "libs/config/schema.h"
#include "libs/service/process_config.h"

namespace lmsmail::service {

struct Process {
  std::string name;       // "gateway": part of the environment variables, and in logs
  ProcessConfig& config;  // among what `declare` declares
  std::function<void(config::Schema&)> declare;
  // Returns after lifecycle::WaitForShutdownSignal(). Ends at most drain_timeout + kShutdownGrace
  // after the signal.
  std::function<absl::Status(std::string_view version)> run;
};

// What every process of the suite does around its work: limits, signals, configuration with --help
// and --check-config, logs. Returns the exit code: 0 after a clean shutdown, 2 for an invalid
// configuration, 1 for any other error. main.h has what gRPC services do besides.
int RunProcess(int argc, const char* const* argv, const Process& process);

inline constexpr absl::Duration kShutdownGrace = absl::Seconds(5);

}  // namespace lmsmail::service
