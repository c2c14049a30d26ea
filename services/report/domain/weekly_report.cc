#include "services/report/domain/weekly_report.h"

#include <algorithm>
#include <bit>
#include <tuple>

namespace lmsmail::report {
namespace {

std::uint8_t DaysOf(const std::vector<CourseProgress>& courses) {
  std::uint8_t days = 0;
  for (const CourseProgress& course : courses) days |= course.active_days;
  return days;
}

}  // namespace

int CourseProgress::ProgressPercent() const {
  if (lesson_count <= 0) return -1;
  // Completed lessons may have been removed from the course since.
  return static_cast<int>(
      std::min<std::int64_t>(100, std::int64_t{100} * total_lessons_completed / lesson_count));
}

int WeeklyReport::LessonsCompleted() const {
  int sum = 0;
  for (const CourseProgress& course : courses) sum += course.lessons_completed;
  return sum;
}

int WeeklyReport::QuizzesPassed() const {
  int sum = 0;
  for (const CourseProgress& course : courses) sum += course.quizzes_passed;
  return sum;
}

absl::Duration WeeklyReport::WatchDuration() const {
  absl::Duration sum = absl::ZeroDuration();
  for (const CourseProgress& course : courses) sum += course.watch_duration;
  return sum;
}

int WeeklyReport::ActiveDays() const { return std::popcount(DaysOf(courses)); }

int WeeklyReport::StreakDays() const {
  // Sunday, bit 6, becomes the most significant bit.
  return std::countl_one(static_cast<std::uint8_t>(DaysOf(courses) << 1));
}

void SortByActivity(std::vector<CourseProgress>& courses) {
  std::sort(courses.begin(), courses.end(), [](const CourseProgress& a, const CourseProgress& b) {
    return std::tie(b.lessons_completed, b.watch_duration, b.quizzes_passed, a.course) <
           std::tie(a.lessons_completed, a.watch_duration, a.quizzes_passed, b.course);
  });
}

}  // namespace lmsmail::report
