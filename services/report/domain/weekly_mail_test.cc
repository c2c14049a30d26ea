#include "services/report/domain/weekly_mail.h"

#include <gmock/gmock.h>
#include <google/protobuf/util/message_differencer.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "libs/testing/struct_from_json.h"

namespace lmsmail::report {
namespace {

using ::google::protobuf::util::MessageDifferencer;
using ::testing::SizeIs;
using ::testing::StartsWith;

CourseProgress FullCourse(const std::string& id) {
  return {.course = id,
          .title = "Watercolour & Ink",
          .url = "https://learn.example/" + id,
          .lesson_count = 10,
          .lessons_completed = 2,
          .total_lessons_completed = 5,
          .quizzes_passed = 1,
          .watch_duration = absl::Seconds(179),
          .active_days = 0b1100000};
}

WeeklyReport ReportOf(const std::string& student, std::vector<CourseProgress> courses) {
  return {.week = *IsoWeek::Parse("2026-W47"), .student = student, .courses = std::move(courses)};
}

TEST(WeeklyMailTest, SetsTheVariablesThatTheTemplateDeclares) {
  EXPECT_TRUE(MessageDifferencer::Equals(WeeklyMailContext(ReportOf("s", {FullCourse("ink")})),
                                         StructFromJson(R"({"report": {
        "week": "2026-11-16/2026-11-22", "lessons_completed": 2, "minutes_watched": 2,
        "quizzes_passed": 1, "streak_days": 2,
        "courses": [{"title": "Watercolour & Ink", "url": "https://learn.example/ink",
                     "progress_percent": 50, "lessons_completed": 2}]}})")));
}

TEST(WeeklyMailTest, NamesACourseOfWhichLittleIsKnown) {
  CourseProgress no_title = FullCourse("a");
  no_title.title.clear();
  no_title.active_days = 1;
  CourseProgress no_url = FullCourse("b");
  no_url.url.clear();
  no_url.active_days = 1;
  CourseProgress no_lessons = FullCourse("c");
  no_lessons.lesson_count = 0;
  no_lessons.active_days = 1;
  EXPECT_TRUE(
      MessageDifferencer::Equals(WeeklyMailContext(ReportOf("s", {no_title, no_url, no_lessons})),
                                 StructFromJson(R"({"report": {
        "week": "2026-11-16/2026-11-22", "lessons_completed": 6, "minutes_watched": 8,
        "quizzes_passed": 3,
        "courses": [{"title": "Watercolour & Ink", "progress_percent": 50, "lessons_completed": 2},
                    {"title": "Watercolour & Ink", "url": "https://learn.example/c",
                     "lessons_completed": 2}]}})")));
}

TEST(WeeklyMailTest, TellsWhatCameLate) {
  WeeklyReport report = ReportOf("s", {});
  EXPECT_FALSE(report.HasActivity());
  report.late = {.lessons_completed = 2, .watch_duration = absl::Seconds(179), .quizzes_passed = 1};
  EXPECT_TRUE(report.HasActivity());
  EXPECT_TRUE(MessageDifferencer::Equals(WeeklyMailContext(report), StructFromJson(R"({"report": {
        "week": "2026-11-16/2026-11-22", "lessons_completed": 0, "minutes_watched": 0,
        "quizzes_passed": 0,
        "late": {"lessons_completed": 2, "minutes_watched": 2, "quizzes_passed": 1}}})")));
}

TEST(WeeklyMailTest, ListsAtMostTenCourses) {
  const WeeklyReport report = ReportOf("s", std::vector<CourseProgress>(12, FullCourse("a")));
  const auto context = WeeklyMailContext(report);
  EXPECT_THAT(
      context.fields().at("report").struct_value().fields().at("courses").list_value().values(),
      SizeIs(10));
}

TEST(WeeklyMailTest, SameReportsMakeTheSameBatch) {
  const std::vector<WeeklyReport> reports = {ReportOf("s1", {FullCourse("a")}),
                                             ReportOf("s2", {FullCourse("b")})};
  const MailBatch first = MakeMailBatch(reports);
  EXPECT_EQ(first.request_id, MakeMailBatch(reports).request_id);
  EXPECT_THAT(first.request_id, StartsWith("weekly_progress/2026-W47/chunk-s1-"));
  ASSERT_THAT(first.items, SizeIs(2));
  EXPECT_EQ(first.items[1].student, "s2");
  EXPECT_EQ(first.items[1].dedupe_key, "weekly_progress/2026-W47/s2");
}

TEST(WeeklyMailTest, OtherContentChangesTheRequestIdButNotTheDedupeKeys) {
  const WeeklyReport one = ReportOf("s1", {FullCourse("a")});
  const WeeklyReport other_content = ReportOf("s1", {FullCourse("b")});
  const WeeklyReport next = ReportOf("s2", {FullCourse("a")});
  const MailBatch batch = MakeMailBatch({&one, 1});
  EXPECT_NE(batch.request_id, MakeMailBatch({&other_content, 1}).request_id);
  EXPECT_NE(batch.request_id, MakeMailBatch(std::vector{one, next}).request_id);
  EXPECT_EQ(batch.items[0].dedupe_key, MakeMailBatch({&other_content, 1}).items[0].dedupe_key);
}

TEST(WeeklyMailTest, KeysOfTheLongestIdsAreWithinTheLimit) {
  const WeeklyReport report = ReportOf(std::string(63, 'x'), {FullCourse("a")});
  const MailBatch batch = MakeMailBatch({&report, 1});
  EXPECT_LE(batch.request_id.size(), 128u);
  EXPECT_LE(batch.items[0].dedupe_key.size(), 128u);
}

TEST(WeeklyMailTest, BatchStaysBelowTheMessageLimit) {
  CourseProgress long_url = FullCourse("a");
  long_url.url = "https://learn.example/" + std::string(2000, 'u');
  const std::vector<WeeklyReport> reports(500,
                                          ReportOf("s", std::vector<CourseProgress>(10, long_url)));
  const MailBatch batch = MakeMailBatch(reports);
  EXPECT_GT(batch.items.size(), 50u);
  EXPECT_LT(batch.items.size(), 110u);
}

}  // namespace
}  // namespace lmsmail::report
