#include "libs/lifecycle/periodic.h"

#include <pthread.h>

#include <utility>

namespace lmsmail::lifecycle {

Periodic::Periodic(std::string name, std::function<absl::Duration()> run)
    : run_(std::move(run)), thread_([this, name = std::move(name)] { Loop(name); }) {}

Periodic::Periodic(std::string name, absl::Duration interval, std::function<void()> run)
    : Periodic(std::move(name), [interval, run = std::move(run)] {
        run();
        return interval;
      }) {}

void Periodic::Wake() {
  absl::MutexLock lock(&mutex_);
  woken_ = true;
}

void Periodic::Stop() {
  {
    absl::MutexLock lock(&mutex_);
    stopping_ = true;
  }
  if (thread_.joinable()) thread_.join();
}

void Periodic::Loop(const std::string& name) {
  constexpr size_t kMaxThreadName = 15;  // the kernel's limit, without the terminator
  pthread_setname_np(pthread_self(), name.substr(0, kMaxThreadName).c_str());
  const auto due = [this]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) { return stopping_ || woken_; };
  while (true) {
    {
      absl::MutexLock lock(&mutex_);
      if (stopping_) return;
      woken_ = false;
    }
    const absl::Duration wait = run_();
    absl::MutexLock lock(&mutex_);
    mutex_.AwaitWithTimeout(absl::Condition(&due), wait);
  }
}

}  // namespace lmsmail::lifecycle
