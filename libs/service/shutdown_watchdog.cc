#include "libs/service/shutdown_watchdog.h"

#include <cstdlib>

#include "libs/telemetry/logging.h"

namespace lmsmail::service {

ShutdownWatchdog::ShutdownWatchdog(absl::Duration limit)
    : thread_([this, limit] {
        if (done_.WaitForNotificationWithTimeout(limit)) return;
        telemetry::LogError("shutdown took too long: ending the process", {{"limit", limit}});
        std::_Exit(EXIT_FAILURE);
      }) {}

ShutdownWatchdog::~ShutdownWatchdog() {
  done_.Notify();
  thread_.join();
}

}  // namespace lmsmail::service
