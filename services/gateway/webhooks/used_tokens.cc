#include "services/gateway/webhooks/used_tokens.h"

#include "libs/hash/sha256.h"

namespace lmsmail::gateway {
namespace {

// Short enough to be stored without an allocation.
std::string Short(std::string_view text) { return hash::Sha256(text).substr(0, 15); }

}  // namespace

bool UsedTokens::Use(std::string_view token, std::string_view event_digest) {
  std::string key = Short(token);
  std::string event = Short(event_digest);
  absl::MutexLock lock(&mutex_);
  const absl::Time now = clock_.Now();
  Forget(now);
  const auto [known, added] = events_.try_emplace(key, event);
  if (!added) return known->second == event;
  order_.emplace_back(now, std::move(key));
  return true;
}

void UsedTokens::Forget(absl::Time now) {
  while (!order_.empty() &&
         (order_.front().first + lifetime_ < now || order_.size() >= capacity_)) {
    events_.erase(order_.front().second);
    order_.pop_front();
  }
}

}  // namespace lmsmail::gateway
