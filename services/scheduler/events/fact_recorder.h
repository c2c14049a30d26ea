#pragma once

#include <map>
#include <span>
#include <vector>

#include "absl/status/status.h"

#include "libs/clock/clock.h"
#include "services/scheduler/domain/report_service.h"
#include "services/scheduler/domain/task.h"

namespace lmsmail::scheduler {

// Records in the report service what events say of courses and learning. Thread-safe.
class FactRecorder {
 public:
  FactRecorder(ReportService& report, const Clock& clock) : report_(report), clock_(clock) {}

  // Executes kRecord tasks, in one call if possible. Returns one result each, in order.
  std::vector<TaskResult> Record(std::span<const Task> tasks);

 private:
  // The first error of each task by its position.
  using Errors = std::map<std::size_t, absl::Status>;

  absl::Status RecordCourses(std::span<const Task> tasks, Errors& errors);
  absl::Status RecordFacts(std::span<const Task> tasks, Errors& errors);

  ReportService& report_;
  const Clock& clock_;
};

}  // namespace lmsmail::scheduler
