#pragma once

#include <cstdint>
#include <memory>

#include "absl/status/statusor.h"
#include "absl/time/time.h"

#include "libs/telemetry/metrics.h"
#include "services/gateway/config.h"

namespace lmsmail::gateway {

// The listener for everybody, wired: the links of mail, pixels, webhooks, and what mail servers
// pass on.
class PublicListener {
 public:
  // Both must outlive this.
  static absl::StatusOr<std::unique_ptr<PublicListener>> Start(const GatewayConfig& config,
                                                               telemetry::Metrics& metrics);
  virtual ~PublicListener() = default;

  virtual std::uint16_t port() const = 0;
  // Lets the requests in flight finish for at most `grace`. Call it once.
  virtual void Shutdown(absl::Duration grace) = 0;
};

}  // namespace lmsmail::gateway
