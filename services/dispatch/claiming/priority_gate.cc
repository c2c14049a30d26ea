#include "services/dispatch/claiming/priority_gate.h"

#include <algorithm>

namespace lmsmail::dispatch {

void PriorityGate::Begin() {
  absl::MutexLock lock(&mutex_);
  const absl::Time now = clock_.Now();
  if (now < not_before_) return;
  if (!taken_) first_ = now;
  latest_ = now;
  taken_ = true;
}

void PriorityGate::End(absl::Time time) {
  absl::MutexLock lock(&mutex_);
  if (taken_ && latest_ <= time) Release();
}

void PriorityGate::Yield() {
  if (!taken_) return;
  absl::MutexLock lock(&mutex_);
  const auto is_free = [this] { return !taken_.load(); };
  const absl::Duration left = first_ + kLongest - clock_.Now();
  if (!mutex_.AwaitWithTimeout(absl::Condition(&is_free), left)) Release();
}

void PriorityGate::Release() {
  const absl::Time now = clock_.Now();
  taken_ = false;
  not_before_ = now + std::min(now - first_, kLongest) / 4;
}

}  // namespace lmsmail::dispatch
