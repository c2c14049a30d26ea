#include "services/gateway/bounces/repeat_limit.h"

namespace lmsmail::gateway {

bool RepeatLimit::IsReached(std::string_view mail) {
  absl::MutexLock lock(&mutex_);
  Forget(clock_.Now());
  const auto count = counts_.find(std::string(mail));
  return count != counts_.end() && count->second >= options_.reports;
}

void RepeatLimit::Count(std::string_view mail) {
  absl::MutexLock lock(&mutex_);
  const absl::Time now = clock_.Now();
  Forget(now);
  const auto [count, added] = counts_.try_emplace(std::string(mail), 0);
  if (added) order_.emplace_back(now, mail);
  ++count->second;
}

void RepeatLimit::Forget(absl::Time now) {
  while (!order_.empty() &&
         (order_.front().first + options_.period <= now || order_.size() >= options_.capacity)) {
    counts_.erase(order_.front().second);
    order_.pop_front();
  }
}

}  // namespace lmsmail::gateway
