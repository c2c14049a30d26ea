#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"

#include "libs/audit/audit_handlers.h"
#include "libs/clock/clock.h"
#include "libs/config/schema.h"
#include "libs/postgres/migration.h"
#include "libs/postgres/pool.h"
#include "libs/rpc/call_runner.h"
#include "libs/rpc/server.h"
#include "libs/service/base_config.h"
#include "libs/service/process.h"
#include "libs/telemetry/metrics.h"

// What the processes of all services do, so that a main.cc is only wiring:
//
//   int main(int argc, char** argv) {
//     TemplateConfig config;
//     return service::Main(argc, argv, {
//         .name = "template",
//         .port = 7101,
//         .metrics_port = 9101,
//         .schema = kTemplateSchema,
//         .declare = [&](config::Schema& schema, const auto& base) { config.Declare(schema, base);
//         }, .build = [&](const service::Runtime& runtime) { return BuildTemplate(config, runtime);
//         }});
//   }
namespace lmsmail::service {

// What the parts of a service are built from. Outlives them.
struct Runtime {
  const BaseConfig& config;
  const Clock& clock;
  telemetry::Metrics& metrics;
  postgres::Pool& pool;
  rpc::CallRunner& runner;
  audit::AuditHandlers& audit_handlers;
};

// The parts of one service. Destroyed after Stop().
class Workload {
 public:
  virtual ~Workload() = default;

  virtual std::vector<rpc::HostedService> Services() = 0;

  // Starts workers. The database has its schema; calls arrive only after this. Repeated after a
  // transient error (see IsTransient); any other error ends the process.
  virtual absl::Status Start() { return absl::OkStatus(); }

  // Stops workers by `deadline`. No call is in flight any more. Also called without a Start().
  virtual void Stop(absl::Time /*deadline*/) {}
};

struct Definition {
  std::string name;  // "template": also the database schema, and part of the environment variables
  std::uint16_t port;
  std::uint16_t metrics_port;
  postgres::SchemaDefinition schema;
  // Declares the service's own keys. The checks of the schema may use the configuration that every
  // service has.
  std::function<void(config::Schema&, const BaseConfig&)> declare = {};
  // Sets prepared statements and session settings.
  std::function<void(postgres::PoolOptions&)> adjust_pool = {};
  // Must not use the database, which may still be unavailable.
  std::function<absl::StatusOr<std::unique_ptr<Workload>>(const Runtime&)> build;
};

// Runs the service until SIGTERM or SIGINT. Returns the exit code: 0 after a clean shutdown, 2 for
// an invalid configuration, 1 for any other error.
//
// With --migrate: migrates the schema and returns 0, or 1 for any error.
//
// Listens at once. Until the database is migrated, health checks report NOT_SERVING and calls end
// with UNAVAILABLE; later, health checks report NOT_SERVING whenever the database is unavailable.
// An unavailable database never ends the process.
//
// A shutdown reports NOT_SERVING, refuses new calls, lets calls in flight and workers finish within
// drain_timeout, and ends the process at most drain_timeout + kShutdownGrace after the signal.
int Main(int argc, const char* const* argv, const Definition& definition);

}  // namespace lmsmail::service
