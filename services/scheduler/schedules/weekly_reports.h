#pragma once

#include <string>

#include "absl/status/statusor.h"

namespace lmsmail::scheduler {

// Generates each student's report of a week. Thread-safe.
class WeeklyReports {
 public:
  virtual ~WeeklyReports() = default;

  // `week` is an ISO 8601 week: "2026-W47". Returns the name of the run.
  virtual absl::StatusOr<std::string> Generate(const std::string& week) = 0;
};

}  // namespace lmsmail::scheduler
