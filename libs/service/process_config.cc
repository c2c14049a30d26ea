#include "libs/service/process_config.h"

namespace lmsmail::service {

void ProcessConfig::Declare(config::Schema& schema) {
  schema.Address("metrics_listen", &metrics_listen, "Address of GET /metrics.");
  schema.Duration("drain_timeout", &drain_timeout,
                  "How long calls and workers may take to finish at shutdown.",
                  {absl::ZeroDuration(), absl::Minutes(10)});

  config::Group log_keys = schema.Sub("log");
  log_keys.Enum("level", &log.level,
                {{"debug", telemetry::Level::kDebug},
                 {"info", telemetry::Level::kInfo},
                 {"warning", telemetry::Level::kWarning},
                 {"error", telemetry::Level::kError}},
                "Minimum level that is logged.");
  log_keys.Enum("format", &log.format,
                {{"auto", telemetry::LogFormat::kAuto},
                 {"json", telemetry::LogFormat::kJson},
                 {"text", telemetry::LogFormat::kText}},
                "Format of the log: auto means text on a terminal, otherwise JSON.");

  school.Declare(schema.Sub("school"));
  traces.Declare(schema.Sub("traces"));

  schema.Check([this](Violations& violations) {
    school.Check(violations);
    traces.Check(violations);
  });
}

}  // namespace lmsmail::service
