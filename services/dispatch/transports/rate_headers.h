#pragma once

#include <optional>

#include "absl/time/time.h"

#include "libs/http_client/client.h"

namespace lmsmail::dispatch {

// The longest wait that a response can ask for.
inline constexpr absl::Duration kMaxRetryAfter = absl::Hours(6);

// When a provider that limits our rate will take requests again: Retry-After (RFC 9110 section
// 10.2.3, in seconds or as a date), otherwise X-RateLimit-Reset (seconds since 1970, with a
// fraction). nullopt if there is neither; at most kMaxRetryAfter ahead, and never in the past.
std::optional<absl::Time> RetryTimeOf(const http_client::Response& response, absl::Time now);

// The time of the reset if the response says that no request is left until then
// (X-RateLimit-Remaining: 0).
std::optional<absl::Time> ExhaustedUntil(const http_client::Response& response, absl::Time now);

}  // namespace lmsmail::dispatch
