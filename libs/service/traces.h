#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"

#include "libs/config/schema.h"
#include "libs/status/error_details.h"
#include "libs/telemetry/metrics.h"
#include "libs/tracing/otlp_exporter.h"

namespace lmsmail::service {

// The configuration keys of traces, `traces.*` of every process.
struct TracesConfig {
  std::string endpoint;     // empty: spans are not exported
  std::string authorities;  // PEM file
  double sample_ratio = 0;  // of calls and of work that begins here without a trace

  // Must outlive schema.Load().
  void Declare(config::Group keys);
  void Check(Violations& violations) const;
};

// Starts to export the spans of this process, which is called `service`, if an endpoint is
// configured; null otherwise. `metrics` must outlive the exporter.
absl::StatusOr<std::unique_ptr<tracing::OtlpExporter>> StartTraces(const TracesConfig& config,
                                                                   std::string_view service,
                                                                   telemetry::Metrics& metrics);

}  // namespace lmsmail::service
