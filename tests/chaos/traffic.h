#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <thread>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"

#include "tests/chaos/ledgers.h"
#include "tests/chaos/stage.h"

namespace lmsmail::chaos {

// The LMS: it sends receipts one by one, batches of both kinds, and streams of newsletters, all at
// the same time. A call that fails is repeated with the same key against the next replica until it
// succeeds: what an honest caller does. Each mail therefore ends up accepted, exactly once.
class Traffic {
 public:
  struct Options {
    std::int64_t most = 100'000;        // mails in all
    std::int64_t per_second = 1'500;    // on the average, outages made up for
    std::int64_t most_waiting = 3'000;  // accepted and not delivered: then callers pause
  };
  // `stage` must outlive this.
  Traffic(Stage& stage, Options options);
  ~Traffic();

  // Returns when the first mails have been delivered.
  absl::Status Start();
  // Begins nothing new, and waits until what was begun is accepted. All that was accepted; an error
  // if a call was refused, or never answered.
  absl::StatusOr<std::vector<Accepted>> Stop();

 private:
  using Call = std::function<absl::Status(Stage::Dispatch&)>;

  void SendReceipts(int caller);
  void SendBatches(int caller);
  void SendStreams(int caller);
  // Waits for the pace, and takes `mails` out of the budget; false when it is time to end.
  bool MayGoOn(int mails);
  // Calls until a replica accepts, then notes what was accepted.
  bool Deliver(int caller, const Call& call, std::vector<Accepted> mails);
  void Watch();

  Stage& stage_;
  const Options options_;
  absl::Time start_;
  std::atomic<std::int64_t> delivered_ = 0;
  std::vector<std::thread> threads_;

  absl::Mutex mutex_;
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  std::int64_t begun_ ABSL_GUARDED_BY(mutex_) = 0;
  std::vector<Accepted> accepted_ ABSL_GUARDED_BY(mutex_);
  absl::Status fault_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace lmsmail::chaos
