#include "services/scheduler/events/event_facts.h"

#include <fmt/format.h>

#include <string_view>
#include <utility>

#include "services/scheduler/domain/event.h"
#include "services/scheduler/events/event_id.h"

namespace lmsmail::scheduler {
namespace {

absl::Duration DurationOf(const google::protobuf::Duration& duration) {
  return absl::Seconds(duration.seconds()) + absl::Nanoseconds(duration.nanos());
}

}  // namespace

std::vector<Fact> FactsOf(const AcceptedEvent& accepted) {
  const v1::Event& event = accepted.event;
  std::vector<Fact> facts;
  const auto add = [&](std::string_view suffix, auto what) {
    facts.push_back({.id = fmt::format("{}/{}", PrintableEventId(event.event_id()), suffix),
                     .student = StudentOf(event),
                     .course_id = CourseOf(event).course_id(),
                     .time = TimeOf(event),
                     .arrival_time = accepted.arrival_time,
                     .what = std::move(what)});
  };
  if (event.has_student_enrolled()) {
    const v1::StudentEnrolled& enrolled = event.student_enrolled();
    add("enrolled", Fact::Enrolled{enrolled.has_start_time() ? TimeOf(enrolled.start_time())
                                                             : absl::InfinitePast()});
  } else if (event.has_student_unenrolled()) {
    add("unenrolled", Fact::Unenrolled{});
  } else if (event.has_lesson_completed()) {
    const v1::LessonCompleted& lesson = event.lesson_completed();
    add("lesson", Fact::LessonCompleted{lesson.lesson_id(), lesson.lesson_title()});
    const absl::Duration watched = DurationOf(lesson.watch_duration());
    if (watched > absl::ZeroDuration()) add("watched", Fact::Watched{watched});
    if (lesson.quiz_passed()) add("quiz", Fact::QuizPassed{lesson.lesson_id()});
  }
  return facts;
}

std::optional<CourseFact> CourseFactOf(const AcceptedEvent& accepted) {
  const v1::Event& event = accepted.event;
  const v1::CourseRef told = CourseOf(event);
  CourseFact fact{.course = {.id = told.course_id(),
                             .title = told.title(),
                             .url = told.url(),
                             .instructor_name = told.instructor_name(),
                             .lesson_count = event.course_upserted().lesson_count()},
                  .time = TimeOf(event),
                  .arrival_time = accepted.arrival_time};
  if (event.has_course_upserted()) fact.course.state = CourseState::kActive;
  if (event.has_course_archived()) fact.course.state = CourseState::kArchived;
  if (event.has_course_deleted()) fact.course.state = CourseState::kDeleted;
  if (fact.course == Course{.id = told.course_id()}) return std::nullopt;
  return fact;
}

}  // namespace lmsmail::scheduler
