#pragma once

#include <string_view>
#include <vector>

#include "libs/postgres/pool.h"
#include "services/report/storage/course_store.h"

namespace lmsmail::report {

class PgCourseStore final : public CourseStore {
 public:
  explicit PgCourseStore(postgres::Pool& pool) : pool_(pool) {}

  absl::StatusOr<std::vector<Course>> Upsert(absl::Span<const Course> courses, absl::Time now,
                                             absl::Time deadline) override;
  absl::Status Merge(absl::Span<const CourseFact> facts, absl::Time now,
                     absl::Time deadline) override;
  absl::StatusOr<Course> Get(std::string_view id, absl::Time deadline) override;
  absl::StatusOr<std::vector<Course>> List(std::string_view after, int limit,
                                           absl::Time deadline) override;

 private:
  postgres::Pool& pool_;
};

}  // namespace lmsmail::report
