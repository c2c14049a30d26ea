#pragma once

#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "absl/types/span.h"

#include "services/report/domain/course.h"

namespace lmsmail::report {

// Thread-safe; every call ends by `deadline`.
class CourseStore {
 public:
  virtual ~CourseStore() = default;

  // Creates or replaces all or none; ids must be distinct. Returns the stored courses in the given
  // order. An unchanged course keeps its update_time.
  virtual absl::StatusOr<std::vector<Course>> Upsert(absl::Span<const Course> courses,
                                                     absl::Time now, absl::Time deadline) = 0;
  // Merges the facts, of which several may be about one course: of each value the latest
  // (fact_time, arrival_time) counts. A value of Upsert() counts more than all that were told
  // before.
  virtual absl::Status Merge(absl::Span<const CourseFact> facts, absl::Time now,
                             absl::Time deadline) = 0;
  // NOT_FOUND.
  virtual absl::StatusOr<Course> Get(std::string_view id, absl::Time deadline) = 0;
  // Returns courses ordered by id, after `after`.
  virtual absl::StatusOr<std::vector<Course>> List(std::string_view after, int limit,
                                                   absl::Time deadline) = 0;
};

}  // namespace lmsmail::report
