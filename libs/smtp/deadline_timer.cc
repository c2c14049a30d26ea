#include "libs/smtp/deadline_timer.h"

namespace lmsmail::smtp {

void DeadlineTimer::Add(Target* target) {
  targets_.insert(target);
  if (!abort_reason_.ok()) target->Abort(abort_reason_);
  if (targets_.size() == 1) ScheduleTick();
}

void DeadlineTimer::Remove(Target* target) {
  targets_.erase(target);
  if (targets_.empty()) timer_.cancel();
}

void DeadlineTimer::AbortAll(const absl::Status& reason) {
  abort_reason_ = reason;
  for (Target* target : targets_) target->Abort(reason);
}

void DeadlineTimer::ScheduleTick() {
  timer_.expires_after(tick_);
  timer_.async_wait([this](const boost::system::error_code& error) {
    if (!error) Tick();
  });
}

void DeadlineTimer::Tick() {
  const SteadyTime now = std::chrono::steady_clock::now();
  // OnDeadline only cancels operations, whose handlers run later: the set does not change here.
  for (Target* target : targets_) {
    if (target->deadline() <= now) target->OnDeadline();
  }
  if (!targets_.empty()) ScheduleTick();
}

}  // namespace lmsmail::smtp
