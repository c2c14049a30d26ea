#pragma once

#include <unordered_set>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"

#include "libs/lifecycle/periodic.h"

namespace lmsmail::rpc {

// Ends streams whose callers send nothing, so that silent ones do not take the place of others.
// Thread-safe.
class StreamWatch {
 public:
  class Stream {
   public:
    virtual ~Stream() = default;
    // Whether the stream has waited for its caller since `start` or longer. If so, nothing but
    // EndIdle(), which follows, ends it any more.
    virtual bool ClaimIdle(absl::Time start) = 0;
    virtual void EndIdle(const absl::Status& status) = 0;
  };

  // Looks at the streams often enough to end each at most a quarter of `limit` late.
  explicit StreamWatch(absl::Duration limit);

  void Add(Stream& stream);
  // `stream` may be destroyed afterwards. Not for a stream that is claimed and not ended.
  void Remove(Stream& stream);
  void Stop() { periodic_.Stop(); }

 private:
  void Sweep();

  const absl::Duration limit_;
  absl::Mutex mutex_;
  std::unordered_set<Stream*> streams_ ABSL_GUARDED_BY(mutex_);
  lifecycle::Periodic periodic_;  // last: its thread uses the rest
};

}  // namespace lmsmail::rpc
