#include "services/report/domain/weekly_report.h"

#include <algorithm>
#include <bit>
#include <tuple>

namespace lmsmail::report {
namespace {

std::uint8_t DaysOf(const std::vector<CourseWeek>& courses) {
  std::uint8_t days = 0;
  for (const CourseWeek& course : courses) days |= course.active_days;
  return days;
}

}  // namespace

int CourseWeek::ProgressPercent() const {
  if (lesson_count <= 0) return -1;
  // A course may have lost lessons since they were completed.
  return static_cast<int>(
      std::min<std::int64_t>(100, std::int64_t{100} * total_lessons / lesson_count));
}

int WeeklyReport::LessonsCompleted() const {
  int sum = 0;
  for (const CourseWeek& course : courses) sum += course.lessons_completed;
  return sum;
}

int WeeklyReport::QuizzesPassed() const {
  int sum = 0;
  for (const CourseWeek& course : courses) sum += course.quizzes_passed;
  return sum;
}

absl::Duration WeeklyReport::WatchDuration() const {
  absl::Duration sum = absl::ZeroDuration();
  for (const CourseWeek& course : courses) sum += course.watch_duration;
  return sum;
}

int WeeklyReport::ActiveDays() const { return std::popcount(DaysOf(courses)); }

int WeeklyReport::StreakDays() const {
  // Sunday, bit 6, becomes the highest of eight bits.
  return std::countl_one(static_cast<std::uint8_t>(DaysOf(courses) << 1));
}

void SortByActivity(std::vector<CourseWeek>& courses) {
  std::sort(courses.begin(), courses.end(), [](const CourseWeek& a, const CourseWeek& b) {
    return std::tie(b.lessons_completed, b.watch_duration, b.quizzes_passed, a.course) <
           std::tie(a.lessons_completed, a.watch_duration, a.quizzes_passed, b.course);
  });
}

}  // namespace lmsmail::report
