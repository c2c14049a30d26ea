#pragma once

#include <string>

#include "absl/status/statusor.h"

namespace lmsmail::scheduler {

struct WeeklyReportOrder {
  std::string week;        // of ISO 8601: "2026-W47"
  std::string local_time;  // "2026-11-23T09:00" on each student's clock; empty: mail goes at once
};

// Generates each student's report of a week. Thread-safe.
class WeeklyReports {
 public:
  virtual ~WeeklyReports() = default;

  // Returns the name of the run. FAILED_PRECONDITION with the reason WEEK_NOT_OVER, and `end_time`
  // (RFC 3339) in its metadata, until the week is over in the school's zone.
  virtual absl::StatusOr<std::string> Generate(const WeeklyReportOrder& order) = 0;
};

}  // namespace lmsmail::scheduler
