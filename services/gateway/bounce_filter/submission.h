#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

#include "services/gateway/bounce_filter/invocation.h"

namespace lmsmail::bounce_filter {

// The gateway reads no more of a message: what a report says precedes the mail that it returns.
inline constexpr std::size_t kMaxMessage = 256 << 10;

// Reads the descriptor to its end, so that its writer does not fail, and returns the beginning.
absl::StatusOr<std::string> ReadMessage(int descriptor);

// Gives the message to the gateway for each recipient. OK if the gateway needs no repetition.
// Errors say what to do. Blocks for at most the timeout for each recipient.
absl::Status Submit(const Invocation& invocation, const std::string& message);

}  // namespace lmsmail::bounce_filter
