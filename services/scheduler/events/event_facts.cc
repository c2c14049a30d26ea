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

std::vector<Fact> FactsOf(const v1::Event& event) {
  std::vector<Fact> facts;
  const auto add = [&](std::string_view suffix, auto what) {
    facts.push_back({.id = fmt::format("{}/{}", PrintableEventId(event.event_id()), suffix),
                     .student = StudentOf(event),
                     .course_id = CourseOf(event).course_id(),
                     .time = TimeOf(event),
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

}  // namespace lmsmail::scheduler
