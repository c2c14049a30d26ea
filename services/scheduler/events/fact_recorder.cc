#include "services/scheduler/events/fact_recorder.h"

#include <map>
#include <string>
#include <utility>

#include "libs/status/status_macros.h"
#include "services/scheduler/domain/event.h"
#include "services/scheduler/domain/task_result.h"
#include "services/scheduler/events/event_facts.h"

namespace lmsmail::scheduler {
namespace {

// An event may know only a part of the course, but the report service replaces it as a whole.
void Merge(const v1::Event& event, Course& course) {
  const v1::CourseRef known = CourseOf(event);
  if (!known.title().empty()) course.title = known.title();
  if (!known.url().empty()) course.url = known.url();
  if (!known.instructor_name().empty()) course.instructor_name = known.instructor_name();
  const int lessons = event.course_upserted().lesson_count();
  if (lessons > 0) course.lesson_count = lessons;
}

}  // namespace

std::vector<TaskResult> FactRecorder::Record(std::span<const Task> tasks) {
  absl::Status status = UpsertCourses(tasks);
  if (status.ok()) status = RecordFacts(tasks);
  std::vector<TaskResult> results;
  // One rejected fact must not block the others, which were not recorded either.
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

absl::Status FactRecorder::UpsertCourses(std::span<const Task> tasks) {
  struct Change {
    Course before;
    Course after;
  };
  std::map<std::string, Change> changes;
  for (const Task& task : tasks) {
    for (const v1::Event& event : task.events) {
      const v1::CourseRef course = CourseOf(event);
      if (course.title().empty()) continue;
      const auto [change, is_new] = changes.try_emplace(course.course_id());
      if (is_new) {
        LMSMAIL_ASSIGN_OR_RETURN(const auto known, courses_.Fetch(course.course_id()));
        if (known) change->second.before = change->second.after = *known;
        change->second.after.id = course.course_id();
      }
      Merge(event, change->second.after);
    }
  }
  std::vector<Course> courses;
  for (auto& [id, change] : changes) {
    if (change.before != change.after) courses.push_back(std::move(change.after));
  }
  return courses.empty() ? absl::OkStatus() : report_.UpsertCourses(courses);
}

absl::Status FactRecorder::RecordFacts(std::span<const Task> tasks) {
  std::vector<Fact> facts;
  for (const Task& task : tasks) {
    for (const v1::Event& event : task.events) {
      for (Fact& fact : FactsOf(event)) facts.push_back(std::move(fact));
    }
  }
  return facts.empty() ? absl::OkStatus() : report_.RecordFacts(facts);
}

}  // namespace lmsmail::scheduler
