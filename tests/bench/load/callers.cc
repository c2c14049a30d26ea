#include "tests/bench/load/callers.h"

#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/clock.h"

namespace lmsmail::bench {
namespace {

class Callers {
 public:
  Callers(std::int64_t count, const StartCall& start) : count_(count), start_(start) {}

  // Starts the next call. Runs on the calling thread first, then on the threads of the responses.
  void CallNext() {
    std::int64_t number;
    {
      absl::MutexLock lock(&mutex_);
      if (next_ == count_ || !status_.ok()) return;
      number = next_++;
      ++open_;
    }
    start_(number, [this, start_time = absl::Now()](const absl::Status& status) {
      if (Record(start_time, status)) CallNext();
      Leave();
    });
  }

  absl::StatusOr<std::vector<absl::Duration>> Wait() {
    absl::MutexLock lock(&mutex_);
    const auto finished = [this] { return open_ == 0 && (next_ == count_ || !status_.ok()); };
    mutex_.Await(absl::Condition(&finished));
    if (!status_.ok()) return status_;
    return std::move(latencies_);
  }

 private:
  bool Record(absl::Time start_time, const absl::Status& status) {
    absl::MutexLock lock(&mutex_);
    if (!status.ok()) {
      status_ = status;
      return false;
    }
    latencies_.push_back(absl::Now() - start_time);
    return true;
  }

  // Called last, so that Wait() does not return while a response is still being processed.
  void Leave() {
    absl::MutexLock lock(&mutex_);
    --open_;
  }

  const std::int64_t count_;
  const StartCall& start_;
  absl::Mutex mutex_;
  std::int64_t next_ ABSL_GUARDED_BY(mutex_) = 0;
  std::int64_t open_ ABSL_GUARDED_BY(mutex_) = 0;
  absl::Status status_ ABSL_GUARDED_BY(mutex_);
  std::vector<absl::Duration> latencies_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace

absl::StatusOr<Report> CallInParallel(std::int64_t count, int callers, const StartCall& start) {
  Callers calls(count, start);
  const absl::Time start_time = absl::Now();
  for (int i = 0; i < callers; ++i) calls.CallNext();
  absl::StatusOr<std::vector<absl::Duration>> latencies = calls.Wait();
  if (!latencies.ok()) return latencies.status();
  return Report{count, absl::Now() - start_time, *std::move(latencies)};
}

absl::Status CallAtRate(std::int64_t count, absl::Duration interval, const StartCall& start) {
  absl::Mutex mutex;
  std::int64_t open = 0;
  absl::Status failed;
  absl::Time at = absl::Now();
  for (std::int64_t number = 0; number < count; ++number, at += interval) {
    absl::SleepFor(at - absl::Now());
    {
      absl::MutexLock lock(&mutex);
      if (!failed.ok()) break;
      ++open;
    }
    start(number, [&](const absl::Status& status) {
      absl::MutexLock lock(&mutex);
      --open;
      if (!status.ok()) failed = status;
    });
  }
  absl::MutexLock lock(&mutex);
  const auto finished = [&open] { return open == 0; };
  mutex.Await(absl::Condition(&finished));
  return failed;
}

}  // namespace lmsmail::bench
