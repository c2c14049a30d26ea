#include "services/scheduler/fact_recorder.h"

#include <optional>

#include "libs/status/status_macros.h"
#include "services/scheduler/event_facts.h"
#include "services/scheduler/resource_names.h"
#include "services/scheduler/task_result.h"

namespace lmsmail::scheduler {
namespace {

// Recording replaces a course whole, and an event may know only a part of it.
void Merge(const v1::Event& event, report::v1::Course& course) {
  const v1::CourseRef known = CourseOf(event);
  if (!known.title().empty()) course.set_title(known.title());
  if (!known.url().empty()) course.set_url(known.url());
  if (!known.instructor_name().empty()) course.set_instructor_name(known.instructor_name());
  const int lessons = event.course_upserted().lesson_count();
  if (lessons > 0) course.set_lesson_count(lessons);
}

bool IsSame(const report::v1::Course& a, const report::v1::Course& b) {
  return a.title() == b.title() && a.url() == b.url() &&
         a.instructor_name() == b.instructor_name() && a.lesson_count() == b.lesson_count();
}

}  // namespace

std::vector<TaskResult> FactRecorder::Record(std::span<const Task> tasks) {
  absl::Status status = TellCourses(tasks);
  if (status.ok()) status = TellActivities(tasks);
  std::vector<TaskResult> results;
  // All or none were recorded: one that is refused must not hold up the others.
  if (absl::IsInvalidArgument(status) && tasks.size() > 1) {
    for (std::size_t i = 0; i < tasks.size(); ++i) {
      results.push_back(Record(tasks.subspan(i, 1)).front());
    }
    return results;
  }
  for (const Task& task : tasks) {
    results.push_back(status.ok() ? Done("recorded") : AfterError(task, status, clock_.Now()));
  }
  return results;
}

absl::Status FactRecorder::TellCourses(std::span<const Task> tasks) {
  struct Change {
    report::v1::Course before;
    report::v1::Course after;
  };
  std::map<std::string, Change> changes;
  for (const Task& task : tasks) {
    for (const v1::Event& event : task.events) {
      const v1::CourseRef course = CourseOf(event);
      if (course.title().empty()) continue;
      const auto [change, is_new] = changes.try_emplace(course.course_id());
      if (is_new) {
        LMSMAIL_ASSIGN_OR_RETURN(const auto known, courses_.Ask(course.course_id()));
        if (known) change->second.before = change->second.after = *known;
        change->second.after.set_name(CourseName(course.course_id()));
      }
      Merge(event, change->second.after);
    }
  }
  report::v1::UpsertCoursesRequest request;
  for (const auto& [id, change] : changes) {
    if (!IsSame(change.before, change.after)) *request.add_courses() = change.after;
  }
  return request.courses().empty() ? absl::OkStatus() : records_.UpsertCourses(request);
}

absl::Status FactRecorder::TellActivities(std::span<const Task> tasks) {
  report::v1::RecordActivityRequest request;
  for (const Task& task : tasks) {
    for (const v1::Event& event : task.events)
      request.mutable_activities()->MergeFrom(ActivitiesOf(event));
  }
  return request.activities().empty() ? absl::OkStatus() : records_.RecordActivity(request);
}

}  // namespace lmsmail::scheduler
