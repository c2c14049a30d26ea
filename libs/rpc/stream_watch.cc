#include "libs/rpc/stream_watch.h"

#include <fmt/format.h>

#include <vector>

#include "absl/time/clock.h"

#include "libs/status/error_details.h"

namespace lmsmail::rpc {

StreamWatch::StreamWatch(absl::Duration limit)
    : limit_(limit), periodic_("stream watch", limit / 4, [this] { Sweep(); }) {}

void StreamWatch::Add(Stream& stream) {
  absl::MutexLock lock(&mutex_);
  streams_.insert(&stream);
}

void StreamWatch::Remove(Stream& stream) {
  absl::MutexLock lock(&mutex_);
  streams_.erase(&stream);
}

void StreamWatch::Sweep() {
  std::vector<Stream*> idle;
  {
    const absl::Time start = absl::Now() - limit_;
    absl::MutexLock lock(&mutex_);
    for (Stream* const stream : streams_) {
      if (stream->ClaimIdle(start)) idle.push_back(stream);
    }
  }
  const absl::Status status =
      WithReason(absl::DeadlineExceededError(fmt::format(
                     "no message arrived on the stream for {}: open a stream once its messages are "
                     "ready, and send them without pauses",
                     absl::FormatDuration(limit_))),
                 {"STREAM_IDLE", {}});
  for (Stream* const stream : idle) stream->EndIdle(status);
}

}  // namespace lmsmail::rpc
