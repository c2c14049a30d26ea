#pragma once

#include <cstdint>
#include <memory>

#include "absl/status/statusor.h"

#include "libs/clock/clock.h"
#include "libs/config/types.h"
#include "libs/http_server/options.h"
#include "libs/http_server/router.h"
#include "libs/http_server/server.h"
#include "libs/identity/caller_directory.h"
#include "libs/telemetry/metrics.h"

namespace lmsmail::service {

// Serves GET /metrics until destroyed, in Prometheus' text format 0.0.4.
class MetricsListener {
 public:
  struct Options {
    config::HostPort listen;  // port 0 takes a free one
    std::optional<http_server::TlsFiles> tls = std::nullopt;
    // Whose viewers may read the metrics, with a bearer token. Null: everybody may. Not owned.
    identity::CallerDirectory* callers = nullptr;
  };

  // UNAVAILABLE when the address cannot be listened on. `metrics` must outlive the listener.
  static absl::StatusOr<std::unique_ptr<MetricsListener>> Start(Options options,
                                                                const telemetry::Metrics& metrics);

  std::uint16_t port() const { return server_->port(); }

 private:
  MetricsListener(const Options& options, const telemetry::Metrics& metrics);

  http_server::Router router_;
  std::unique_ptr<http_server::Server> server_;
};

}  // namespace lmsmail::service
