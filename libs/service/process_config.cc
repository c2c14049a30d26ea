#include "libs/service/process_config.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <vector>

#include "libs/loopback/loopback.h"

namespace lmsmail::service {

void ProcessConfig::Declare(config::Schema& schema) {
  schema.Address("metrics_listen", &metrics_listen, "Address of GET /metrics.");
  schema.Duration("drain_timeout", &drain_timeout,
                  "How long calls and workers may take to finish at shutdown.",
                  {absl::ZeroDuration(), absl::Hours(1)});

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
  auth.Declare(schema.Sub("auth"));
  schema.Bool("insecure", &insecure,
              "Whether this process may listen off this machine, and call other machines, without "
              "TLS and authentication.");

  schema.Check([this](Violations& violations) {
    school.Check(violations);
    traces.Check(violations);
    auth.Check(violations);
  });
}

void ProcessConfig::CheckListener(std::string_view key, const config::HostPort& address,
                                  std::string_view certificate_key, const std::string& certificate,
                                  Violations& violations) const {
  if (insecure || IsLoopbackHost(address.host)) return;
  std::vector<std::string> missing;
  if (certificate.empty()) missing.push_back(fmt::format("{} and its key", certificate_key));
  if (!auth.required()) missing.emplace_back("auth.callers_file");
  if (missing.empty()) return;
  violations.Add(std::string(key),
                 fmt::format("{} can be reached from other machines, which needs {}; or write "
                             "insecure: true",
                             address.ToString(), fmt::join(missing, ", and ")));
}

}  // namespace lmsmail::service
