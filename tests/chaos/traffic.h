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

#include "tests/chaos/cluster.h"
#include "tests/chaos/ledgers.h"

namespace lmsmail::chaos {

// The load of an LMS: concurrently sends single receipts, batches of both kinds, and streams of
// newsletters. A failed call is retried with the same key against the next replica until it
// succeeds, so that every mail is accepted exactly once.
class Traffic {
 public:
  // `cluster` must outlive this.
  explicit Traffic(Cluster& cluster) : cluster_(cluster) {}
  ~Traffic();

  // Waits until the first mails have been delivered.
  absl::Status Start();
  // Starts no more calls and waits until the pending ones are accepted. Returns all accepted mails,
  // or an error if a call was rejected or never succeeded.
  absl::StatusOr<std::vector<Accepted>> Stop();

 private:
  using Call = std::function<absl::Status(Cluster::Dispatch&)>;

  void SendReceipts(int caller);
  void SendBatches(int caller);
  void SendStreams(int caller);
  // Waits until `mails` more mails are within the limits; returns false if the traffic is to end.
  bool WaitForCapacity(int mails);
  // Repeats the call until a replica accepts, then records `mails` as accepted.
  bool Deliver(int caller, const Call& call, std::vector<Accepted> mails);
  void CountDelivered();

  Cluster& cluster_;
  absl::Time start_;
  std::atomic<std::int64_t> delivered_ = 0;
  std::vector<std::thread> threads_;

  absl::Mutex mutex_;
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  std::int64_t started_ ABSL_GUARDED_BY(mutex_) = 0;
  std::vector<Accepted> accepted_ ABSL_GUARDED_BY(mutex_);
  absl::Status error_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace lmsmail::chaos
