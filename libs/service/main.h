#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"

#include "libs/clock/clock.h"
#include "libs/config/schema.h"
#include "libs/postgres/migration.h"
#include "libs/postgres/pool.h"
#include "libs/rpc/call_runner.h"
#include "libs/rpc/server.h"
#include "libs/service/base_config.h"
#include "libs/telemetry/metrics.h"

// What all services' processes do, so that a main.cc is wiring only:
//
//   int main(int argc, char** argv) {
//     TemplateConfig config;
//     return service::Main(argc, argv, {
//         .name = "template",
//         .port = 7101,
//         .metrics_port = 9101,
//         .schema = kTemplateSchema,
//         .declare = [&](config::Schema& schema) { config.Declare(schema); },
//         .build = [&](const service::Runtime& runtime) { return BuildTemplate(config, runtime);
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
};

// The parts of one service. Destroyed after Stop().
class Workload {
 public:
  virtual ~Workload() = default;

  virtual std::vector<rpc::HostedService> Services() = 0;

  // The database has its schema; calls come only after this. Starts workers, if there are any.
  // After UNAVAILABLE and its like it is called again; another error ends the process.
  virtual absl::Status Start() { return absl::OkStatus(); }

  // No call is in flight any more. Ends workers by `deadline`. Also called without a Start().
  virtual void Stop(absl::Time /*deadline*/) {}
};

struct Definition {
  std::string name;  // "template": also the schema in the database and in the name of variables
  std::uint16_t port;
  std::uint16_t metrics_port;
  postgres::SchemaDefinition schema;
  std::function<void(config::Schema&)> declare = {};  // the service's own keys
  // Prepared statements and session settings, if there are any.
  std::function<void(postgres::PoolOptions&)> adjust_pool = {};
  // Must not touch the database, which may be away still.
  std::function<absl::StatusOr<std::unique_ptr<Workload>>(const Runtime&)> build;
};

// Runs the service until SIGTERM or SIGINT; returns what main() is to return: 0 after a clean end,
// 2 for faulty configuration, 1 for any other fault.
//
// Listens at once and answers health checks with NOT_SERVING, and calls with UNAVAILABLE, until the
// database could be migrated; later it is NOT_SERVING whenever the database is away. It never ends
// because the database is away.
//
// A shutdown says NOT_SERVING, takes no new calls, lets those in flight and the workers finish
// within drain_timeout, and ends drain_timeout + kShutdownGrace after the signal at the latest.
int Main(int argc, const char* const* argv, const Definition& definition);

inline constexpr absl::Duration kShutdownGrace = absl::Seconds(5);

}  // namespace lmsmail::service
