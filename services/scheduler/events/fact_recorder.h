#pragma once

#include <span>
#include <vector>

#include "absl/status/status.h"

#include "libs/clock/clock.h"
#include "services/scheduler/domain/course_directory.h"
#include "services/scheduler/domain/report_service.h"
#include "services/scheduler/domain/task.h"

namespace lmsmail::scheduler {

// Records in the report service what events say of courses and learning. Thread-safe.
class FactRecorder {
 public:
  FactRecorder(ReportService& report, CourseDirectory& courses, const Clock& clock)
      : report_(report), courses_(courses), clock_(clock) {}

  // Executes kRecord tasks, in one call if possible. Returns one result each, in order.
  std::vector<TaskResult> Record(std::span<const Task> tasks);

 private:
  absl::Status UpsertCourses(std::span<const Task> tasks);
  absl::Status RecordFacts(std::span<const Task> tasks);

  ReportService& report_;
  CourseDirectory& courses_;
  const Clock& clock_;
};

}  // namespace lmsmail::scheduler
