#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "absl/time/time.h"

namespace lmsmail::dispatch {

// Whether a transport can deliver mail, for routing and for operators.
struct TransportHealth {
  enum class State : std::uint8_t {
    kAvailable,
    kBreakerOpen,  // the server refuses us: see CircuitBreaker
    kUnreachable,  // no connection to the server works: see Reachability
  };
  State state = State::kAvailable;
  // Unless it is available:
  absl::Time since = {};
  absl::Time until = {};        // one mail may try it then, the probe; past while that is awaited
  bool probing = false;         // the probe is on its way
  std::string_view cause = {};  // "login", "timed_out"
  std::string_view remedy = {};

  // The last refusal of us or connection fault, without addresses; also of a transport that is
  // available again. Empty: none since this process started.
  std::string last_error = {};
  absl::Time last_error_time = {};

  bool available() const { return state == State::kAvailable; }
  // Whether one mail may try a transport that is not available.
  bool awaits_probe(absl::Time now) const { return !available() && !probing && now >= until; }
};

}  // namespace lmsmail::dispatch
