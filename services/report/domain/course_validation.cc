#include "services/report/domain/course_validation.h"

#include <fmt/format.h>

#include <string>
#include <variant>

#include "libs/validation/text.h"

namespace lmsmail::report {
namespace {

using validation::CheckText;

constexpr std::size_t kMaxTitleLength = 200;
constexpr std::size_t kMaxUrlLength = 2048;
constexpr std::size_t kMaxIdLength = 256;
constexpr std::size_t kMaxRequestIdLength = 128;
constexpr int kMaxLessonCount = 100'000;
// Allows for a clock difference between the LMS and this service.
constexpr absl::Duration kClockSkew = absl::Minutes(10);
constexpr absl::Duration kMaxWatchDuration = absl::Hours(24);
// No activity is older. Detects milliseconds sent as seconds and the reverse.
const absl::Time kEarliest = absl::FromUnixSeconds(946'684'800);  // 2000-01-01

void CheckKey(std::string_view key, std::string_view field, Violations& violations) {
  CheckText(key, field, {.max_length = kMaxIdLength, .required = true}, violations);
}

void CheckUrl(std::string_view url, Violations& violations) {
  if (url.empty()) return;
  CheckText(url, "url", {.max_length = kMaxUrlLength}, violations);
  if (!url.starts_with("https://") && !url.starts_with("http://")) {
    violations.Add("url", "must be an absolute URL that begins with https:// or http://");
  }
}

void CheckEvent(std::monostate, absl::Time, Violations& violations) {
  violations.Add("event",
                 "is required: one of enrolled, unenrolled, lesson_completed, watched, quiz_taken");
}
void CheckEvent(const Enrolled& event, absl::Time now, Violations& violations) {
  if (!event.start_time) return;
  if (*event.start_time < kEarliest || *event.start_time > now + absl::Hours(24 * 366)) {
    violations.Add("enrolled.start_time", "must lie between the year 2000 and one year from now");
  }
}
void CheckEvent(const Unenrolled&, absl::Time, Violations&) {}
void CheckEvent(const LessonCompleted& event, absl::Time, Violations& violations) {
  CheckKey(event.lesson_id, "lesson_completed.lesson_id", violations);
  CheckText(event.lesson_title, "lesson_completed.lesson_title", {.max_length = kMaxTitleLength},
            violations);
}
void CheckEvent(const Watched& event, absl::Time, Violations& violations) {
  if (event.duration < absl::Milliseconds(1) || event.duration > kMaxWatchDuration) {
    violations.Add("watched.duration", "is required: more than 0 and at most 24 hours");
  }
}
void CheckEvent(const QuizTaken& event, absl::Time, Violations& violations) {
  CheckKey(event.quiz_id, "quiz_taken.quiz_id", violations);
}

}  // namespace

void CheckRequestId(std::string_view request_id, Violations& violations) {
  CheckText(request_id, "request_id", {.max_length = kMaxRequestIdLength}, violations);
}

void CheckCourse(const Course& course, Violations& violations) {
  if (course.title.empty()) violations.Add("title", "is required");
  CheckText(course.title, "title", {.max_length = kMaxTitleLength}, violations);
  CheckUrl(course.url, violations);
  CheckText(course.instructor_name, "instructor_name", {.max_length = kMaxTitleLength}, violations);
  if (course.lesson_count < 0 || course.lesson_count > kMaxLessonCount) {
    violations.Add("lesson_count", fmt::format("must be 0 (unknown) to {}", kMaxLessonCount));
  }
}

void CheckActivity(const Activity& activity, absl::Time now, Violations& violations) {
  CheckKey(activity.id, "activity_id", violations);
  if (activity.time < kEarliest || activity.time > now + kClockSkew) {
    violations.Add("activity_time", "must lie between the year 2000 and now");
  }
  std::visit([&](const auto& event) { CheckEvent(event, now, violations); }, activity.event);
}

void CheckCount(std::size_t count, std::string_view field, Violations& violations) {
  if (count >= 1 && count <= kMaxItems) return;
  violations.Add(std::string(field),
                 fmt::format("must have 1 to {} items; it has {}", kMaxItems, count));
}

}  // namespace lmsmail::report
