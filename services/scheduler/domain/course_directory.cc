#include "services/scheduler/domain/course_directory.h"

#include <utility>

#include "libs/status/status_macros.h"

namespace lmsmail::scheduler {
namespace {

constexpr absl::Duration kTimeToLive = absl::Minutes(1);
constexpr std::size_t kMaxEntries = 1000;

}  // namespace

absl::StatusOr<v1::CourseRef> CourseDirectory::Complete(v1::CourseRef course) {
  const bool complete =
      !course.title().empty() && !course.url().empty() && !course.instructor_name().empty();
  if (course.course_id().empty() || complete) return course;
  LMSMAIL_ASSIGN_OR_RETURN(const auto known, Find(course.course_id()));
  if (!known) return course;
  if (course.title().empty()) course.set_title(known->title);
  if (course.url().empty()) course.set_url(known->url);
  if (course.instructor_name().empty()) course.set_instructor_name(known->instructor_name);
  return course;
}

absl::StatusOr<std::optional<Course>> CourseDirectory::Fetch(const std::string& course_id) {
  auto course = report_.GetCourse(course_id);
  if (absl::IsNotFound(course.status())) return std::nullopt;
  LMSMAIL_RETURN_IF_ERROR(course.status());
  return *std::move(course);
}

absl::StatusOr<std::optional<Course>> CourseDirectory::Find(const std::string& course_id) {
  const absl::Time now = clock_.Now();
  {
    absl::MutexLock lock(&mutex_);
    const auto entry = entries_.find(course_id);
    if (entry != entries_.end() && entry->second.expire_time > now) return entry->second.course;
  }
  LMSMAIL_ASSIGN_OR_RETURN(auto course, Fetch(course_id));
  // A course without a title is about to get one, so it is not cached.
  if (course && !course->title.empty()) {
    absl::MutexLock lock(&mutex_);
    if (entries_.size() >= kMaxEntries) entries_.clear();
    entries_[course_id] = {*course, now + kTimeToLive};
  }
  return course;
}

}  // namespace lmsmail::scheduler
