#pragma once

#include "absl/status/statusor.h"
#include "absl/time/time.h"

#include "lmsmail/dispatch/v1/dispatch_service.pb.h"

namespace lmsmail::scheduler {

// The upkeep of the mail queue and its log. Thread-safe.
class QueueUpkeep {
 public:
  virtual ~QueueUpkeep() = default;

  virtual absl::StatusOr<dispatch::v1::SweepResponse> Sweep() = 0;
  virtual absl::StatusOr<dispatch::v1::PurgeLogsResponse> PurgeLogs(absl::Duration max_age) = 0;
};

}  // namespace lmsmail::scheduler
