#pragma once

#include <cstddef>
#include <deque>
#include <thread>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/functional/any_invocable.h"
#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"

namespace lmsmail::rpc {

// A fixed number of threads with a bounded queue. Handlers block on the database, so they must not
// run on gRPC's own threads, of which a small machine has two. Thread-safe.
class Executor {
 public:
  using Task = absl::AnyInvocable<void()>;  // must not throw

  struct Options {
    int threads = 8;  // about the size of the database pool
    std::size_t queue = 256;
  };

  explicit Executor(Options options);
  Executor(const Executor&) = delete;
  Executor& operator=(const Executor&) = delete;
  ~Executor() { Stop(); }

  // Runs the queued tasks, then joins. Idempotent; not for two threads at a time.
  void Stop();

  // Returns false and drops `task` when the queue is full.
  [[nodiscard]] bool TrySubmit(Task task);
  // Ignores the queue's bound. For the next step of work that was admitted before, if its number is
  // bounded elsewhere.
  void Submit(Task task);

  // The status of a call that TrySubmit() refused.
  static absl::Status Overloaded();

 private:
  void Work();

  const std::size_t capacity_;
  absl::Mutex mutex_;
  std::deque<Task> queue_ ABSL_GUARDED_BY(mutex_);
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  std::vector<std::thread> threads_;
};

}  // namespace lmsmail::rpc
