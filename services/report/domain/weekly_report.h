#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/time/time.h"

#include "libs/calendar/iso_week.h"

namespace lmsmail::report {

// A student's progress in one course in one week, with the course as it was when the report was
// generated.
struct CourseProgress {
  std::string course;
  std::string title = {};
  std::string url = {};
  std::int32_t lesson_count = 0;             // 0: unknown
  std::int32_t lessons_completed = 0;        // for the first time, in this week
  std::int32_t total_lessons_completed = 0;  // by the end of this week
  std::int32_t quizzes_passed = 0;
  absl::Duration watch_duration = absl::ZeroDuration();
  std::uint8_t active_days = 0;  // bit 0 is Monday

  // 0 to 100; -1 when the number of lessons is unknown.
  int ProgressPercent() const;

  bool operator==(const CourseProgress&) const = default;
};

// What a student did before the week and was recorded only after her last report.
struct LateActivity {
  std::int32_t lessons_completed = 0;
  absl::Duration watch_duration = absl::ZeroDuration();
  std::int32_t quizzes_passed = 0;

  bool operator==(const LateActivity&) const = default;
};
// What is older is too late to be told.
inline constexpr absl::Duration kMaxLateness = absl::Hours(24 * 35);

// The state of a report's mail.
enum class MailState { kUnsent = 0, kAccepted = 1, kRejected = 2 };

struct WeeklyReport {
  IsoWeek week = {};
  std::string student;
  // The courses with activity in the week, most active first.
  std::vector<CourseProgress> courses = {};
  LateActivity late = {};
  MailState mail_state = MailState::kUnsent;
  absl::Time create_time = absl::UnixEpoch();

  // Without any, no mail is sent.
  bool HasActivity() const { return !courses.empty() || late != LateActivity(); }
  int LessonsCompleted() const;
  int QuizzesPassed() const;
  absl::Duration WatchDuration() const;
  int ActiveDays() const;
  // The number of consecutive active days that end with the week's last day.
  int StreakDays() const;

  bool operator==(const WeeklyReport&) const = default;
};

// Sorts by lessons, watch duration and quizzes, each descending, then by course id.
void SortByActivity(std::vector<CourseProgress>& courses);

}  // namespace lmsmail::report
