#include "services/dispatch/delivery/delay_queue.h"

#include <utility>

namespace lmsmail::dispatch {

void DelayQueue::Start() {
  if (!thread_.joinable()) thread_ = std::thread([this] { Run(); });
}

void DelayQueue::Add(absl::Time at, Call call) {
  {
    absl::MutexLock lock(&mutex_);
    if (!stopped_) {
      earlier_ = earlier_ || waiting_.empty() || at < waiting_.begin()->first;
      waiting_.emplace(at, std::move(call));
      return;
    }
  }
  call(false);
}

void DelayQueue::RunDue() {
  for (;;) {
    Call call;
    bool go = true;
    {
      absl::MutexLock lock(&mutex_);
      const auto next = waiting_.begin();
      if (next == waiting_.end() || (!stopped_ && next->first > clock_.Now())) return;
      go = !stopped_;
      call = std::move(next->second);
      waiting_.erase(next);
    }
    call(go);
  }
}

void DelayQueue::Run() {
  const auto woken = [this] { return stopped_ || earlier_; };
  for (;;) {
    RunDue();
    absl::MutexLock lock(&mutex_);
    if (stopped_ && waiting_.empty()) return;
    if (waiting_.empty()) {
      mutex_.Await(absl::Condition(&woken));
    } else {
      mutex_.AwaitWithTimeout(absl::Condition(&woken), waiting_.begin()->first - clock_.Now());
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
