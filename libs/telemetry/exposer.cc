#include "libs/telemetry/exposer.h"

#include <fmt/format.h>
#include <prometheus/exposer.h>

#include <exception>
#include <string>
#include <utility>

#include "absl/time/time.h"

#include "libs/telemetry/metrics_state.h"

namespace lmsmail::telemetry {

namespace {

// For a client to send its request, and to take each part of the answer.
constexpr absl::Duration kDeadline = absl::Seconds(2);

}  // namespace

struct Exposer::State {
  // A thread serves one connection at a time, so a client that sends or reads nothing takes one
  // until its deadline.
  explicit State(const std::string& address)
      : server({"listening_ports", address, "num_threads", "8", "enable_keep_alive", "no",
                "request_timeout_ms", std::to_string(absl::ToInt64Milliseconds(kDeadline)),
                "max_request_size", "4096", "connection_queue", "16"}) {}
  prometheus::Exposer server;
};

Exposer::Exposer(std::unique_ptr<State> state) : state_(std::move(state)) {}
Exposer::~Exposer() = default;

absl::StatusOr<std::unique_ptr<Exposer>> Exposer::Start(const std::string& address,
                                                        const Metrics& metrics) {
  try {
    auto state = std::make_unique<State>(address);
    state->server.RegisterCollectable(metrics.state_->registry);
    state->server.RegisterCollectable(metrics.state_->scrape_functions);
    return std::unique_ptr<Exposer>(new Exposer(std::move(state)));
  } catch (const std::exception& error) {
    return absl::UnavailableError(fmt::format(
        "cannot serve metrics on {}: {}; check whether the port is free", address, error.what()));
  }
}

uint16_t Exposer::port() const {
  return static_cast<uint16_t>(state_->server.GetListeningPorts().at(0));
}

}  // namespace lmsmail::telemetry
