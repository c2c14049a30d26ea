#include "libs/retry/backoff.h"

#include <algorithm>

namespace lmsmail::retry {

absl::Duration Backoff(const BackoffPolicy& policy, int failures) {
  constexpr int kMaxDoublings = 30;  // beyond any `max`, and 1 << 30 fits an int
  return std::min(policy.initial * (1 << std::clamp(failures - 1, 0, kMaxDoublings)), policy.max);
}

absl::Duration WithJitter(absl::Duration wait, std::uint64_t key, int failures) {
  // The mixer of splitmix64.
  std::uint64_t x = key + 0x9e3779b97f4a7c15u * (static_cast<std::uint64_t>(failures) + 1u);
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
  x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
  x ^= x >> 31;
  const double unit = static_cast<double>(x >> 11) * 0x1.0p-53;
  return wait * (0.75 + 0.5 * unit);
}

absl::Duration BackoffWithJitter(const BackoffPolicy& policy, int failures, std::uint64_t key) {
  return WithJitter(Backoff(policy, failures), key, failures);
}

}  // namespace lmsmail::retry
