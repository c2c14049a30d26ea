#include "services/dispatch/delivery/delay_queue.h"

#include <utility>

namespace lmsmail::dispatch {

void DelayQueue::Start() {
  if (!thread_.joinable()) thread_ = std::thread([this] { Run(); });
}

void DelayQueue::Add(absl::Time time, Call call) {
  {
    absl::MutexLock lock(&mutex_);
    if (!stopped_) {
      earlier_ = earlier_ || calls_.empty() || time < calls_.begin()->first;
      calls_.emplace(time, std::move(call));
      return;
    }
  }
  call(false);
}

void DelayQueue::RunDue() {
  for (;;) {
    Call call;
    bool due = true;
    {
      absl::MutexLock lock(&mutex_);
      const auto next = calls_.begin();
      if (next == calls_.end() || (!stopped_ && next->first > clock_.Now())) return;
      due = !stopped_;
      call = std::move(next->second);
      calls_.erase(next);
    }
    call(due);
  }
}

void DelayQueue::Run() {
  const auto woken = [this] { return stopped_ || earlier_; };
  for (;;) {
    RunDue();
    absl::MutexLock lock(&mutex_);
    if (stopped_ && calls_.empty()) return;
    if (calls_.empty()) {
      mutex_.Await(absl::Condition(&woken));
    } else {
      mutex_.AwaitWithTimeout(absl::Condition(&woken), calls_.begin()->first - clock_.Now());
    }
    earlier_ = false;
  }
}

void DelayQueue::Stop() {
  {
    absl::MutexLock lock(&mutex_);
    stopped_ = true;
  }
  if (thread_.joinable()) thread_.join();
  RunDue();
}

}  // namespace lmsmail::dispatch
