#pragma once

#include <string_view>

#include "absl/status/status.h"

#include "libs/smtp/fault.h"
#include "services/dispatch/transports/circuit_breaker.h"

// What an operator should look at when a transport delivers no mail.
namespace lmsmail::dispatch {

std::string_view RemedyFor(CircuitBreaker::Cause cause);
// kNone: the transport does not tell why it has no connection.
std::string_view RemedyFor(smtp::Fault fault);
// `failure` is that of Transport::Test.
std::string_view RemedyFor(const absl::Status& failure);

}  // namespace lmsmail::dispatch
