#include "libs/service/process.h"

#include <fmt/format.h>
#include <malloc.h>
#include <unistd.h>

#include <cstdlib>
#include <vector>

#include "absl/synchronization/mutex.h"

#include "libs/lifecycle/descriptor_limit.h"
#include "libs/lifecycle/shutdown_signal.h"
#include "libs/rpc/grpc_log.h"
#include "libs/rpc/user_agent.h"
#include "libs/telemetry/logging.h"
#include "libs/time_zone/database.h"
#include "libs/version/version.h"

namespace lmsmail::service {
namespace {

constexpr int kExitConfiguration = 2;

void LogConfiguration(const std::vector<config::Setting>& settings) {
  for (const config::Setting& setting : settings) {
    const auto level =
        setting.source == "default" ? telemetry::Level::kDebug : telemetry::Level::kInfo;
    telemetry::Log(level, "configured",
                   {{"key", setting.key}, {"value", setting.value}, {"source", setting.source}});
  }
}

}  // namespace

int RunProcess(int argc, const char* const* argv, const Process& process) {
  // By default glibc keeps an arena with its own peak of free memory for every thread. With two
  // arenas a busy dispatch holds half the memory, at no measurable cost.
  mallopt(M_ARENA_MAX, 2);
  // Debian builds Abseil with its deadlock detector on, a global graph that every lock here and in
  // gRPC then takes. The sanitizer builds look for deadlocks instead.
  absl::SetMutexDeadlockDetectionMode(absl::OnDeadlockCycle::kIgnore);
  lifecycle::BlockShutdownSignals();
  const rlimit descriptors = lifecycle::RaiseDescriptorLimit();
  config::Schema schema(process.name,
                        fmt::format("{} (commit {})", version::kVersion, version::kCommit));
  process.declare(schema);
  const absl::StatusOr<config::Outcome> outcome = schema.Load(argc, argv, environ);
  if (!outcome.ok()) {
    fmt::print(stderr, "{}: configuration: {}\n", process.name,
               std::string(outcome.status().message()));
    return kExitConfiguration;
  }
  if (!outcome->run) {
    fmt::print("{}\n", outcome->output);
    return EXIT_SUCCESS;
  }

  telemetry::InitLogging({process.name, process.config.log.level, process.config.log.format});
  rpc::RouteGrpcLog();
  rpc::SetServiceName(process.name);
  telemetry::LogInfo("starting", {{"version", version::kVersion},
                                  {"commit", version::kCommit},
                                  {"tzdata", time_zone::DatabaseVersion()},
                                  {"max_open_files", descriptors.rlim_cur}});
  LogConfiguration(outcome->effective);
  if (process.config.insecure) {
    telemetry::LogWarning("insecure: other machines may call without TLS and authentication");
  }
  const absl::Status status = process.run(version::kVersion);
  if (!status.ok()) {
    telemetry::LogError("failed", {{"error", status}});
    return EXIT_FAILURE;
  }
  telemetry::LogInfo("stopped");
  return EXIT_SUCCESS;
}

}  // namespace lmsmail::service
