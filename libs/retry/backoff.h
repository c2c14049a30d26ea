#pragma once

#include <cstdint>

#include "absl/time/time.h"

// How long to wait before an attempt is repeated. Pure functions: callers keep the count of
// failures, and the same arguments always give the same wait.
namespace lmsmail::retry {

struct BackoffPolicy {
  absl::Duration initial;
  absl::Duration max;
};

// The wait after failure number `failures` in a row, from 1: `initial`, doubled with each further
// failure up to `max`. Any count is accepted.
absl::Duration Backoff(const BackoffPolicy& policy, int failures);

// `wait` scaled by a factor in [3/4, 5/4), so that what failed together is not retried together.
// `key` identifies what is retried (its id, or a random number); the factor depends on the key and
// the count alone.
absl::Duration WithJitter(absl::Duration wait, std::uint64_t key, int failures);

// Backoff() with jitter; up to 5/4 of `max`.
absl::Duration BackoffWithJitter(const BackoffPolicy& policy, int failures, std::uint64_t key);

}  // namespace lmsmail::retry
