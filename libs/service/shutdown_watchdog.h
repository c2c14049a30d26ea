#pragma once

#include <thread>

#include "absl/synchronization/notification.h"
#include "absl/time/time.h"

namespace lmsmail::service {

// Ends the process when a shutdown takes longer than `limit`: better a hard end, which every part
// of the system survives, than one that hangs until the orchestrator kills it unheard.
class ShutdownWatchdog {
 public:
  explicit ShutdownWatchdog(absl::Duration limit);
  ~ShutdownWatchdog();

 private:
  absl::Notification done_;
  std::thread thread_;
};

}  // namespace lmsmail::service
