#pragma once

#include <functional>
#include <string>
#include <utility>

#include "absl/status/statusor.h"

#include "libs/clock/clock.h"
#include "services/scheduler/domain/report_service.h"
#include "services/scheduler/domain/student_directory.h"
#include "services/scheduler/storage/event_store.h"

namespace lmsmail::scheduler {

// Notices when facts that mail waits for are known, also those that no event told. Safe to run in
// every replica.
class FactWatch {
 public:
  // `on_known` is called after tasks became due.
  FactWatch(EventStore& events, ReportService& report, StudentDirectory& students,
            const Clock& clock, std::function<void()> on_known)
      : events_(events),
        report_(report),
        students_(students),
        clock_(clock),
        on_known_(std::move(on_known)) {}

  // Looks for up to 1000 facts, and continues with the next ones the next time.
  void RunOnce();

 private:
  absl::Status Look();

  EventStore& events_;
  ReportService& report_;
  StudentDirectory& students_;
  const Clock& clock_;
  const std::function<void()> on_known_;
  std::string last_;  // the last fact that was looked for
};

}  // namespace lmsmail::scheduler
