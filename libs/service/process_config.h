#pragma once

#include <cstdint>

#include "absl/time/time.h"

#include "libs/config/schema.h"
#include "libs/config/types.h"
#include "libs/service/school_config.h"
#include "libs/service/traces.h"
#include "libs/telemetry/logging.h"

namespace lmsmail::service {

// The configuration keys that every process of the suite has.
struct ProcessConfig {
  explicit ProcessConfig(std::uint16_t metrics_port) : metrics_listen{"127.0.0.1", metrics_port} {}

  config::HostPort metrics_listen;

  struct Log {
    telemetry::Level level = telemetry::Level::kInfo;
    telemetry::LogFormat format = telemetry::LogFormat::kAuto;
  } log;

  SchoolConfig school;
  TracesConfig traces;

  absl::Duration drain_timeout = absl::Seconds(20);

  // Must outlive schema.Load().
  void Declare(config::Schema& schema);
};

}  // namespace lmsmail::service
