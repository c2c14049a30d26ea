#include "libs/telemetry/exposer.h"

#include <fmt/format.h>
#include <prometheus/exposer.h>

#include <exception>
#include <utility>

#include "libs/telemetry/metrics_state.h"

namespace lmsmail::telemetry {

struct Exposer::State {
  explicit State(const std::string& address) : server(address) {}
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
