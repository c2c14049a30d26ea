#pragma once

#include <thread>

#include "absl/synchronization/notification.h"
#include "absl/time/time.h"

namespace lmsmail::service {

// Ends the process with an error log when a shutdown takes longer than `limit`. Every part of the
// system survives such an end; a shutdown that hangs would be killed without a log.
class ShutdownWatchdog {
 public:
  explicit ShutdownWatchdog(absl::Duration limit);
  ~ShutdownWatchdog();

 private:
  absl::Notification done_;
  std::thread thread_;
};

}  // namespace lmsmail::service
