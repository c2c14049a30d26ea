#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "absl/time/time.h"

#include "libs/config/schema.h"
#include "libs/config/types.h"
#include "libs/service/auth_config.h"
#include "libs/service/school_config.h"
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

  AuthConfig auth;
  // Allows what this process refuses otherwise: addresses off this machine without TLS or without a
  // way to tell who calls, and calls of other machines in plain text.
  bool insecure = false;

  absl::Duration drain_timeout = absl::Seconds(20);

  // Must outlive schema.Load().
  void Declare(config::Schema& schema);

  // Adds what is missing for listening on `address` of the key `key`, if other machines can reach
  // it. `certificate` is the value of the key `certificate_key`.
  void CheckListener(std::string_view key, const config::HostPort& address,
                     std::string_view certificate_key, const std::string& certificate,
                     Violations& violations) const;
};

}  // namespace lmsmail::service
