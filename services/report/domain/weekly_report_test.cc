#include "services/report/domain/weekly_report.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace lmsmail::report {
namespace {

TEST(WeeklyReportTest, ProgressPercentIsRoundedDownAndAtMost100) {
  EXPECT_EQ((CourseProgress{.course = "a", .lesson_count = 3, .total_lessons_completed = 2})
                .ProgressPercent(),
            66);
  EXPECT_EQ((CourseProgress{.course = "a", .lesson_count = 3, .total_lessons_completed = 4})
                .ProgressPercent(),
            100);
  EXPECT_EQ((CourseProgress{.course = "a", .lesson_count = 0, .total_lessons_completed = 4})
                .ProgressPercent(),
            -1);
}

TEST(WeeklyReportTest, SumsUpItsCourses) {
  const WeeklyReport report{.student = "s",
                            .courses = {{.course = "a",
                                         .lessons_completed = 2,
                                         .quizzes_passed = 1,
                                         .watch_duration = absl::Minutes(3),
                                         .active_days = 0b0000011},
                                        {.course = "b",
                                         .lessons_completed = 1,
                                         .quizzes_passed = 1,
                                         .watch_duration = absl::Minutes(4),
                                         .active_days = 0b0000110}}};
  EXPECT_EQ(report.LessonsCompleted(), 3);
  EXPECT_EQ(report.QuizzesPassed(), 2);
  EXPECT_EQ(report.WatchDuration(), absl::Minutes(7));
  EXPECT_EQ(report.ActiveDays(), 3);
}

TEST(WeeklyReportTest, StreakEndsWithTheLastDayOfTheWeek) {
  const auto streak = [](std::uint8_t days) {
    return WeeklyReport{.student = "s", .courses = {{.course = "a", .active_days = days}}}
        .StreakDays();
  };
  EXPECT_EQ(streak(0b0011111), 0);
  EXPECT_EQ(streak(0b1000000), 1);
  EXPECT_EQ(streak(0b1110100), 3);
  EXPECT_EQ(streak(0b1111111), 7);
}

TEST(WeeklyReportTest, SortsTheMostActiveCourseFirst) {
  std::vector<CourseProgress> courses = {
      {.course = "inactive"},
      {.course = "watched", .watch_duration = absl::Minutes(9)},
      {.course = "also-inactive"},
      {.course = "lessons", .lessons_completed = 1},
  };
  SortByActivity(courses);
  std::vector<std::string> order;
  for (const CourseProgress& course : courses) order.push_back(course.course);
  EXPECT_THAT(order, ::testing::ElementsAre("lessons", "watched", "also-inactive", "inactive"));
}

}  // namespace
}  // namespace lmsmail::report
