#include "libs/rpc/caller_limiter.h"

#include <fmt/format.h>

#include <algorithm>

#include "libs/identity/role_names.h"
#include "libs/status/error_details.h"
#include "libs/strings/view.h"

namespace lmsmail::rpc {
namespace {

bool IsService(const identity::Caller& caller) {
  return std::ranges::any_of(identity::ServiceRoles(),
                             [&](identity::Role role) { return caller.roles.Has(role); });
}

// With RetryInfo, which every RESOURCE_EXHAUSTED gets.
absl::Status Exceeded(const identity::Caller& caller, std::string_view limit) {
  return WithReason(absl::ResourceExhaustedError(ToAbsl(fmt::format(
                        "the caller {} has reached its limit of {}", caller.name, limit))),
                    {"CALLER_LIMIT", {}});
}

}  // namespace

identity::CallerLimits CallerLimiter::LimitsOf(const identity::Caller& caller) const {
  identity::CallerLimits limits = caller.limits;
  if (IsService(caller)) return limits;
  if (limits.calls_per_second == 0) limits.calls_per_second = defaults_.calls_per_second;
  if (limits.streams == 0) limits.streams = defaults_.streams;
  if (limits.request_bytes == 0) limits.request_bytes = defaults_.request_bytes;
  return limits;
}

absl::StatusOr<CallerLimiter::Permit> CallerLimiter::Take(const identity::Caller& caller, Use use) {
  const identity::CallerLimits limits = LimitsOf(caller);
  if (limits == identity::CallerLimits{}) return Permit();
  const absl::Time now = clock_.Now();
  absl::MutexLock lock(&mutex_);
  InUse& in_use = in_use_[caller.name];
  if (use.stream && limits.streams > 0 && in_use.streams >= limits.streams) {
    return Exceeded(caller, fmt::format("{} streams at a time", limits.streams));
  }
  if (limits.request_bytes > 0 && in_use.request_bytes > 0 &&
      in_use.request_bytes + use.request_bytes > limits.request_bytes) {
    return Exceeded(caller, fmt::format("{} bytes of requests at a time", limits.request_bytes));
  }
  if (limits.calls_per_second > 0) {
    // What a second allows may come at once.
    const double burst = std::max(1.0, limits.calls_per_second);
    const double earned = absl::ToDoubleSeconds(now - in_use.refill_time) * limits.calls_per_second;
    in_use.tokens = std::min(burst, in_use.tokens + earned);
    in_use.refill_time = now;
    if (in_use.tokens < 1) {
      return Exceeded(caller, fmt::format("{} calls a second", limits.calls_per_second));
    }
    --in_use.tokens;
  }
  in_use.streams += use.stream ? 1 : 0;
  in_use.request_bytes += use.request_bytes;
  return Permit(*this, caller.name, use);
}

void CallerLimiter::GiveBack(const std::string& caller, const Use& use) {
  absl::MutexLock lock(&mutex_);
  InUse& in_use = in_use_[caller];
  in_use.streams -= use.stream ? 1 : 0;
  in_use.request_bytes -= use.request_bytes;
}

}  // namespace lmsmail::rpc
