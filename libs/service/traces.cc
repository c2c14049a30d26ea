#include "libs/service/traces.h"

#include <fmt/format.h>
#include <unistd.h>

#include <array>

#include "libs/tracing/traceparent.h"
#include "libs/version/version.h"

namespace lmsmail::service {
namespace {

constexpr std::string_view kPath = "/v1/traces";

std::string InstanceName() {
  std::array<char, 256> host{};
  gethostname(host.data(), host.size() - 1);
  return fmt::format("{}:{}", host.data(), getpid());
}

// Why `endpoint` is no root of a collector; empty if it is.
std::string FaultOf(std::string_view endpoint) {
  const std::size_t scheme = endpoint.starts_with("http://")    ? 7
                             : endpoint.starts_with("https://") ? 8
                                                                : 0;
  const std::string_view rest = endpoint.substr(scheme);
  const std::string_view host = rest.substr(0, rest.find('/'));
  if (scheme == 0 || host.empty() || host.starts_with(':') ||
      rest.find_first_of(" ?#@\\") != std::string_view::npos) {
    return "must be the URL of a collector, such as http://collector:4318";
  }
  if (endpoint.find(kPath) != std::string_view::npos) {
    return fmt::format("must not contain {}, which is added", kPath);
  }
  return "";
}

}  // namespace

void TracesConfig::Declare(config::Group keys) {
  keys.String("endpoint", &endpoint,
              "URL of a collector of traces that takes OTLP over HTTP, such as "
              "http://collector:4318; empty: traces are passed on, but not exported.");
  keys.String("authorities", &authorities,
              "PEM file of the authorities of its certificate; empty: the system's.");
  keys.Double("sample_ratio", &sample_ratio,
              "Which part of the calls that come without a traceparent is sampled; the others are "
              "sampled as their callers say.",
              {0, 1});
}

void TracesConfig::Check(Violations& violations) const {
  if (endpoint.empty()) {
    if (sample_ratio > 0) {
      violations.Add("traces.sample_ratio", "needs traces.endpoint, where the traces go to");
    }
    if (!authorities.empty()) {
      violations.Add("traces.authorities", "needs traces.endpoint, where the traces go to");
    }
    return;
  }
  if (std::string fault = FaultOf(endpoint); !fault.empty()) {
    violations.Add("traces.endpoint", std::move(fault));
  }
}

absl::StatusOr<std::unique_ptr<tracing::OtlpExporter>> StartTraces(const TracesConfig& config,
                                                                   std::string_view service,
                                                                   telemetry::Metrics& metrics) {
  if (config.endpoint.empty()) return nullptr;
  tracing::SetSampleRatio(config.sample_ratio);
  std::string endpoint = config.endpoint;
  while (endpoint.ends_with('/')) endpoint.pop_back();
  return tracing::OtlpExporter::Start({.endpoint = std::move(endpoint),
                                       .ca_file = config.authorities,
                                       .service = std::string(service),
                                       .version = version::kVersion,
                                       .instance = InstanceName()},
                                      metrics);
}

}  // namespace lmsmail::service
