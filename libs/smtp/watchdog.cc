#include "libs/smtp/watchdog.h"

namespace lmsmail::smtp {

void Watchdog::Add(Guarded* guarded) {
  guarded_.insert(guarded);
  if (!abort_reason_.ok()) guarded->Abort(abort_reason_);
  if (guarded_.size() == 1) ScheduleTick();
}

void Watchdog::Remove(Guarded* guarded) {
  guarded_.erase(guarded);
  if (guarded_.empty()) timer_.cancel();
}

void Watchdog::AbortAll(const absl::Status& reason) {
  abort_reason_ = reason;
  for (Guarded* guarded : guarded_) guarded->Abort(reason);
}

void Watchdog::ScheduleTick() {
  timer_.expires_after(tick_);
  timer_.async_wait([this](const boost::system::error_code& error) {
    if (!error) Tick();
  });
}

void Watchdog::Tick() {
  const SteadyTime now = std::chrono::steady_clock::now();
  // OnDeadline only cancels operations, whose handlers run later: the set does not change here.
  for (Guarded* guarded : guarded_) {
    if (guarded->deadline() <= now) guarded->OnDeadline();
  }
  if (!guarded_.empty()) ScheduleTick();
}

}  // namespace lmsmail::smtp
