#pragma once

#include <cstdint>

#include "absl/status/statusor.h"
#include "absl/time/time.h"

namespace lmsmail::scheduler {

struct SweepResult {
  std::int64_t recovered_count = 0;  // mails whose claim had expired
  std::int64_t promoted_count = 0;   // scheduled mails that became due
};

struct PurgeResult {
  int dropped_day_count = 0;
  int kept_day_count = 0;  // days that still have mail to send
};

// Maintenance of the mail queue and its log. Thread-safe.
class QueueMaintenance {
 public:
  virtual ~QueueMaintenance() = default;

  virtual absl::StatusOr<SweepResult> Sweep() = 0;
  virtual absl::StatusOr<PurgeResult> PurgeLogs(absl::Duration max_age) = 0;
};

}  // namespace lmsmail::scheduler
