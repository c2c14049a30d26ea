#include "services/scheduler/domain/course_directory.h"

#include "libs/status/status_macros.h"

namespace lmsmail::scheduler {

absl::StatusOr<Course> CompleteCourse(ReportService& report, const v1::CourseRef& course) {
  Course known{.id = course.course_id()};
  if (!known.id.empty()) {
    auto found = report.GetCourse(known.id);
    if (!found.ok() && !absl::IsNotFound(found.status())) return found.status();
    if (found.ok()) known = *std::move(found);
  }
  if (known.title.empty()) known.title = course.title();
  if (known.url.empty()) known.url = course.url();
  if (known.instructor_name.empty()) known.instructor_name = course.instructor_name();
  return known;
}

v1::CourseRef ToRef(const Course& course) {
  v1::CourseRef ref;
  ref.set_course_id(course.id);
  ref.set_title(course.title);
  ref.set_url(course.url);
  ref.set_instructor_name(course.instructor_name);
  return ref;
}

}  // namespace lmsmail::scheduler
