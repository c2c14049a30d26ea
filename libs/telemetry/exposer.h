#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "absl/status/statusor.h"

#include "libs/telemetry/metrics.h"

namespace lmsmail::telemetry {

// Serves GET /metrics over HTTP until destroyed. A client that sends its request or takes its
// answer too slowly is disconnected after 2 s. `metrics` must outlive it.
class Exposer {
 public:
  // `address` is "host:port"; port 0 takes a free one. UNAVAILABLE when it cannot be bound.
  static absl::StatusOr<std::unique_ptr<Exposer>> Start(const std::string& address,
                                                        const Metrics& metrics);
  // Takes up to 2 s, until the accepting thread of the HTTP server notices.
  ~Exposer();
  Exposer(const Exposer&) = delete;
  Exposer& operator=(const Exposer&) = delete;

  uint16_t port() const;

 private:
  struct State;
  explicit Exposer(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace lmsmail::telemetry
