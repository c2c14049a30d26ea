#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/time/time.h"

#include "libs/calendar/iso_week.h"

namespace lmsmail::report {

// A student's week in one course, with the course as it was when the report was made.
struct CourseWeek {
  std::string course;
  std::string title = {};
  std::string url = {};
  std::int32_t lesson_count = 0;       // 0: not known
  std::int32_t lessons_completed = 0;  // for the first time, in the week
  std::int32_t total_lessons = 0;      // completed by the end of the week
  std::int32_t quizzes_passed = 0;
  absl::Duration watch_duration = absl::ZeroDuration();
  std::uint8_t active_days = 0;  // bit 0 is Monday

  // 0 to 100; -1 when the number of lessons is not known.
  int ProgressPercent() const;

  bool operator==(const CourseWeek&) const = default;
};

// What became of a report's mail.
enum class MailState { kUnsent = 0, kHandedOver = 1, kRefused = 2 };

struct WeeklyReport {
  IsoWeek week = {};
  std::string student;
  // Those with activity in the week, the most active first. None: nothing to say, no mail.
  std::vector<CourseWeek> courses = {};
  MailState mail_state = MailState::kUnsent;
  absl::Time create_time = absl::UnixEpoch();

  bool HasActivity() const { return !courses.empty(); }
  int LessonsCompleted() const;
  int QuizzesPassed() const;
  absl::Duration WatchDuration() const;
  int ActiveDays() const;
  // Days of study in a row, up to and with the week's last; 0 when that had none.
  int StreakDays() const;

  bool operator==(const WeeklyReport&) const = default;
};

// The most lessons, then time, then quizzes; then by course.
void SortByActivity(std::vector<CourseWeek>& courses);

}  // namespace lmsmail::report
