#pragma once

#include <string>

#include "absl/status/statusor.h"

#include "lmsmail/report/v1/report_service.pb.h"

namespace lmsmail::scheduler {

// Makes each student's report of a week. Thread-safe.
class WeeklyReports {
 public:
  virtual ~WeeklyReports() = default;

  // `week` as ISO 8601 has it: "2026-W47".
  virtual absl::StatusOr<report::v1::WeeklyReportRun> Generate(const std::string& week) = 0;
};

}  // namespace lmsmail::scheduler
