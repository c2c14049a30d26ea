#include "services/dispatch/claiming/priority_gate.h"

#include <algorithm>

namespace lmsmail::dispatch {

void PriorityGate::UrgentArrived() {
  absl::MutexLock lock(&mutex_);
  const absl::Time now = clock_.Now();
  if (now < open_until_) return;
  if (!closed_) first_arrival_ = now;
  last_arrival_ = now;
  closed_ = true;
}

void PriorityGate::UrgentSent(absl::Time time) {
  absl::MutexLock lock(&mutex_);
  if (closed_ && last_arrival_ <= time) Open();
}

void PriorityGate::Yield() {
  if (!closed_) return;
  absl::MutexLock lock(&mutex_);
  const auto is_open = [this] { return !closed_.load(); };
  const absl::Duration left = first_arrival_ + kMaxPause - clock_.Now();
  if (!mutex_.AwaitWithTimeout(absl::Condition(&is_open), left)) Open();
}

void PriorityGate::Open() {
  const absl::Time now = clock_.Now();
  closed_ = false;
  open_until_ = now + std::min(now - first_arrival_, kMaxPause) / 4;
}

}  // namespace lmsmail::dispatch
