#pragma once

#include <map>
#include <span>
#include <string>
#include <vector>

#include "absl/status/status.h"

#include "libs/clock/clock.h"
#include "services/scheduler/course_directory.h"
#include "services/scheduler/learning_records.h"
#include "services/scheduler/task.h"

namespace lmsmail::scheduler {

// Tells the report service what events say of courses and learning. Thread-safe.
class FactRecorder {
 public:
  FactRecorder(LearningRecords& records, CourseDirectory& courses, const Clock& clock)
      : records_(records), courses_(courses), clock_(clock) {}

  // Works on kRecord tasks, together in one call where it can; one result each, in order.
  std::vector<TaskResult> Record(std::span<const Task> tasks);

 private:
  absl::Status TellCourses(std::span<const Task> tasks);
  absl::Status TellActivities(std::span<const Task> tasks);

  LearningRecords& records_;
  CourseDirectory& courses_;
  const Clock& clock_;
};

}  // namespace lmsmail::scheduler
