#include "services/dispatch/claiming/in_flight_budget.h"

namespace lmsmail::dispatch {

bool InFlightBudget::Acquire(bool urgent) {
  const int limit = urgent ? total_ : ordinary_;
  const auto room = [this, limit] { return stopped_ || in_use_ < limit; };
  absl::MutexLock lock(&mutex_);
  mutex_.Await(absl::Condition(&room));
  if (stopped_) return false;
  ++in_use_;
  return true;
}

void InFlightBudget::Release(int mails) {
  absl::MutexLock lock(&mutex_);
  in_use_ -= mails;
}

void InFlightBudget::Stop() {
  absl::MutexLock lock(&mutex_);
  stopped_ = true;
}

int InFlightBudget::in_use() const {
  absl::MutexLock lock(&mutex_);
  return in_use_;
}

}  // namespace lmsmail::dispatch
