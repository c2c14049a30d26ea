#include "tests/integration/suite/service_config.h"

#include <fmt/format.h>

namespace lmsmail::integration {
namespace {

constexpr std::string_view kEveryService = R"(
postgres:
  dsn: {dsn}
  migrator_dsn: {migrator_dsn}
  probe_interval: 50ms
school:
  name: School of Tests
  url: https://learn.example
  public_url: http://127.0.0.1:8080
  postal_address: 1 Example Street, 12345 Exampletown
)";

constexpr std::string_view kPreference = R"(
keys_file: {keys_file}
quiet_hours:
  start: ""
  end: ""
)";

constexpr std::string_view kDispatch = R"(
keys_file: {keys_file}
worker:
  state_directory: {state_directory}
  lease: 10s
sweep_interval: 100ms
delivery:
  min_backoff: 100ms
  max_backoff: 1s
  uncertain_backoff: 200ms
  peer_backoff: 100ms
default_transport: inbox
transports:
  inbox:
    kind: smtp
    host: 127.0.0.1
    port: {smtp_port}
    tls: none
    from: school@learn.example
    from_name: School of Tests
)";

constexpr std::string_view kScheduler = R"(
worker:
  lease: 5s
  poll_interval: 100ms
)";

std::string_view OwnPart(std::string_view service) {
  if (service == "preference") return kPreference;
  if (service == "dispatch") return kDispatch;
  if (service == "scheduler") return kScheduler;
  return "";
}

}  // namespace

std::string ServiceConfig(std::string_view service, const Settings& settings) {
  return fmt::format(fmt::runtime(fmt::format("{}{}", kEveryService, OwnPart(service))),
                     fmt::arg("dsn", settings.dsn), fmt::arg("migrator_dsn", settings.migrator_dsn),
                     fmt::arg("keys_file", settings.keys_file),
                     fmt::arg("state_directory", settings.state_directory),
                     fmt::arg("smtp_port", settings.smtp_port));
}

}  // namespace lmsmail::integration
