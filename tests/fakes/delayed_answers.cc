#include "tests/fakes/delayed_answers.h"

#include <utility>

#include "absl/time/clock.h"

namespace lmsmail::fakes {

DelayedAnswers::~DelayedAnswers() {
  {
    absl::MutexLock lock(&mutex_);
    stopping_ = true;
    changed_.Signal();
  }
  thread_.join();
}

void DelayedAnswers::Add(absl::Duration delay, http_server::Response response,
                         http_server::Responder responder) {
  absl::MutexLock lock(&mutex_);
  due_.emplace(absl::Now() + delay, Answer{std::move(response), std::move(responder)});
  changed_.Signal();
}

void DelayedAnswers::Run() {
  absl::MutexLock lock(&mutex_);
  while (!stopping_) {
    if (due_.empty()) {
      changed_.Wait(&mutex_);
    } else if (due_.begin()->first > absl::Now()) {
      changed_.WaitWithDeadline(&mutex_, due_.begin()->first);
    } else {
      auto node = due_.extract(due_.begin());
      node.mapped().responder.Send(std::move(node.mapped().response));
    }
  }
}

}  // namespace lmsmail::fakes
