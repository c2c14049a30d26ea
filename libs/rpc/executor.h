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

// A fixed number of threads and a bounded queue in front of them: handlers block on the database,
// so they must not run on gRPC's own threads, of which a small machine has two. Thread-safe.
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

  // Runs what is queued, then joins. Idempotent, but not to be called from two threads at a time.
  void Stop();

  // False, and `task` is dropped, when the queue is full.
  [[nodiscard]] bool TrySubmit(Task task);
  // Queues beyond the bound. Only for the next step of work that was admitted before and whose
  // number is bounded otherwise.
  void Submit(Task task);

  // What to answer a call with when TrySubmit refuses.
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
