#pragma once

#include <map>
#include <optional>
#include <string>

#include "absl/base/thread_annotations.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"

#include "libs/clock/clock.h"
#include "lmsmail/scheduler/v1/scheduler_service.pb.h"
#include "services/scheduler/domain/report_service.h"

namespace lmsmail::scheduler {

// Looks courses up in the report service and caches them for a minute. Thread-safe.
class CourseDirectory {
 public:
  CourseDirectory(ReportService& report, const Clock& clock) : report_(report), clock_(clock) {}

  // Fills in the fields that `course` lacks, as far as they are known.
  absl::StatusOr<v1::CourseRef> Complete(v1::CourseRef course);

  // Bypasses the cache. nullopt when there is no such course.
  absl::StatusOr<std::optional<Course>> Fetch(const std::string& course_id);

 private:
  struct Entry {
    Course course;
    absl::Time expire_time;
  };

  absl::StatusOr<std::optional<Course>> Find(const std::string& course_id);

  ReportService& report_;
  const Clock& clock_;
  absl::Mutex mutex_;
  std::map<std::string, Entry> entries_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace lmsmail::scheduler
