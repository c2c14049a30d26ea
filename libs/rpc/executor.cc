#include "libs/rpc/executor.h"

#include <utility>

#include "libs/status/error_details.h"

namespace lmsmail::rpc {

Executor::Executor(Options options) : capacity_(options.queue) {
  threads_.reserve(static_cast<std::size_t>(options.threads));
  for (int i = 0; i < options.threads; ++i) threads_.emplace_back([this] { Work(); });
}

void Executor::Stop() {
  {
    absl::MutexLock lock(&mutex_);
    stopping_ = true;
  }
  for (std::thread& thread : threads_) thread.join();
  threads_.clear();
}

bool Executor::TrySubmit(Task task) {
  absl::MutexLock lock(&mutex_);
  if (queue_.size() >= capacity_) return false;
  queue_.push_back(std::move(task));
  return true;
}

void Executor::Submit(Task task) {
  absl::MutexLock lock(&mutex_);
  queue_.push_back(std::move(task));
}

absl::Status Executor::Overloaded() {
  return WithReason(absl::UnavailableError("too many calls are waiting: try again later"),
                    {"OVERLOADED", {}});
}

void Executor::Work() {
  const auto ready = [this]() ABSL_SHARED_LOCKS_REQUIRED(mutex_) {
    return stopping_ || !queue_.empty();
  };
  for (;;) {
    Task task;
    {
      absl::MutexLock lock(&mutex_, absl::Condition(&ready));
      if (queue_.empty()) return;
      task = std::move(queue_.front());
      queue_.pop_front();
    }
    task();
  }
}

}  // namespace lmsmail::rpc
