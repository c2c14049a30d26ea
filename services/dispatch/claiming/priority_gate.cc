#include "services/dispatch/claiming/priority_gate.h"

#include <algorithm>

namespace lmsmail::dispatch {

void PriorityGate::AcceptBegins() {
  absl::MutexLock lock(&mutex_);
  ++accepting_;
  Close(clock_.Now());
}

void PriorityGate::AcceptEnds() {
  absl::MutexLock lock(&mutex_);
  --accepting_;
  OpenUnlessExpecting();
}

void PriorityGate::UrgentArrived() {
  absl::MutexLock lock(&mutex_);
  last_arrival_ = clock_.Now();
  waiting_ = true;
  Close(last_arrival_);
}

void PriorityGate::UrgentGone(absl::Time time) {
  absl::MutexLock lock(&mutex_);
  if (last_arrival_ <= time) waiting_ = false;
  OpenUnlessExpecting();
}

void PriorityGate::Close(absl::Time now) {
  if (closed_ || now < open_until_) return;
  close_time_ = now;
  closed_ = true;
}

void PriorityGate::OpenUnlessExpecting() {
  if (closed_ && accepting_ == 0 && !waiting_) Open();
}

void PriorityGate::Yield() {
  if (!closed_) return;
  absl::MutexLock lock(&mutex_);
  const auto is_open = [this] { return !closed_.load(); };
  const absl::Duration left = close_time_ + kMaxPause - clock_.Now();
  if (!mutex_.AwaitWithTimeout(absl::Condition(&is_open), left)) Open();
}

void PriorityGate::Open() {
  const absl::Time now = clock_.Now();
  closed_ = false;
  open_until_ = now + std::min(now - close_time_, kMaxPause) / 4;
}

}  // namespace lmsmail::dispatch
