#pragma once

#include <map>
#include <optional>
#include <string>

#include "absl/base/thread_annotations.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"

#include "libs/clock/clock.h"
#include "lmsmail/report/v1/report_service.pb.h"
#include "lmsmail/scheduler/v1/scheduler_service.pb.h"
#include "services/scheduler/learning_records.h"

namespace lmsmail::scheduler {

// What is known of courses, asked of the report service and kept for a minute. Thread-safe.
class CourseDirectory {
 public:
  CourseDirectory(LearningRecords& records, const Clock& clock)
      : records_(records), clock_(clock) {}

  // `course` with what it lacks filled in, as far as it is known.
  absl::StatusOr<v1::CourseRef> Complete(v1::CourseRef course);

  // Asks anew; nullopt when there is no such course.
  absl::StatusOr<std::optional<report::v1::Course>> Ask(const std::string& course_id);

 private:
  struct Entry {
    report::v1::Course course;
    absl::Time until;
  };

  absl::StatusOr<std::optional<report::v1::Course>> Find(const std::string& course_id);

  LearningRecords& records_;
  const Clock& clock_;
  absl::Mutex mutex_;
  std::map<std::string, Entry> entries_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace lmsmail::scheduler
