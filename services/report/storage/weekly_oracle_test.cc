// Compares reports and mail with those of a Python program that knows nothing but zoneinfo.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <google/protobuf/util/json_util.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>
#include <stdio.h>

#include <sstream>
#include <string>
#include <vector>

#include "embedded/lmsmail_report_migrations.h"

#include "libs/postgres/testing/embedded_postgres.h"
#include "libs/testing/status_matchers.h"
#include "libs/time_zone/time_zone.h"
#include "services/report/domain/weekly_mail.h"
#include "services/report/storage/pg_activity_store.h"
#include "services/report/storage/pg_course_store.h"
#include "services/report/storage/pg_weekly_report_store.h"

namespace lmsmail::report {
namespace {

using nlohmann::json;

constexpr absl::Time kForever = absl::InfiniteFuture();

std::vector<json> Cases() {
  std::vector<json> cases;
  FILE* const oracle = popen("python3 " WEEKLY_ORACLE, "r");
  std::string text;
  char buffer[65536];
  while (const std::size_t size = fread(buffer, 1, sizeof buffer, oracle))
    text.append(buffer, size);
  EXPECT_EQ(pclose(oracle), 0);
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) cases.push_back(json::parse(line));
  return cases;
}

Activity ToActivity(const json& given, const std::string& student) {
  Activity activity{.id = given["id"],
                    .student = student,
                    .course = given["course"],
                    .time = absl::FromUnixSeconds(given["time"].get<std::int64_t>()),
                    .event = {}};
  if (given["kind"] == "lesson") {
    activity.event = LessonCompleted{.lesson_id = given["item"]};
  } else if (given["kind"] == "watched") {
    activity.event = Watched{absl::Milliseconds(given["milliseconds"].get<std::int64_t>())};
  } else {
    activity.event = QuizTaken{given["item"], given["passed"]};
  }
  return activity;
}

json ToJson(const std::vector<CourseProgress>& courses) {
  json list = json::array();
  for (const CourseProgress& course : courses) {
    json days = json::array();
    for (int day = 0; day < 7; ++day) {
      if ((course.active_days >> day) & 1) days.push_back(day);
    }
    list.push_back({{"course", course.course},
                    {"lessons_completed", course.lessons_completed},
                    {"total_lessons_completed", course.total_lessons_completed},
                    {"quizzes_passed", course.quizzes_passed},
                    {"watched_milliseconds", absl::ToInt64Milliseconds(course.watch_duration)},
                    {"days", days},
                    {"progress_percent", course.ProgressPercent()}});
  }
  return list;
}

// Numbers of a Struct are doubles; the oracle has integers, which compare equal.
json MailValues(const WeeklyReport& report) {
  std::string text;
  EXPECT_TRUE(google::protobuf::util::MessageToJsonString(WeeklyMailContext(report), &text).ok());
  json values = json::parse(text)["report"];
  return values;
}

class WeeklyOracleTest : public ::testing::Test {
 protected:
  WeeklyOracleTest() {
    postgres::PoolOptions options;
    options.dsn =
        postgres::EmbeddedPostgres::Shared().NewDatabase("report", kReportSchema).value().dsn;
    options.schema = "report";
    pool_ = postgres::Pool::Create(std::move(options)).value();
  }

  void Record(const json& given) {
    std::vector<Activity> activities;
    const std::string student = given["student"];
    activities.push_back({.id = student + "-enrolled",
                          .student = student,
                          .course = "course-a",
                          .time = absl::FromUnixSeconds(1'200'000'000),
                          .event = Enrolled{}});
    for (const json& each : given["activities"]) activities.push_back(ToActivity(each, student));
    PgActivityStore store(*pool_);
    ASSERT_OK(store.Record(activities, kForever).status());
  }

  std::unique_ptr<postgres::Pool> pool_;
};

TEST_F(WeeklyOracleTest, NoNumberDiffers) {
  PgCourseStore courses(*pool_);
  ASSERT_OK(courses.Upsert({{"course-a", "COURSE-A", "https://learn.example/course-a", "", 7},
                            {"course-b", "COURSE-B", "https://learn.example/course-b", "", 0},
                            {"course-c", "COURSE-C", "https://learn.example/course-c", "", 40}},
                           absl::UnixEpoch(), kForever));
  PgWeeklyReportStore store(*pool_);
  const std::vector<json> cases = Cases();
  ASSERT_GE(cases.size(), 200u);
  int differences = 0;
  for (const json& given : cases) {
    const std::string student = given["student"];
    const IsoWeek week = *IsoWeek::Parse(given["week"].get<std::string>());
    const absl::TimeZone zone = time_zone::Load(given["zone"].get<std::string>()).value();
    const std::vector<absl::Time> days = week.DayBounds(zone);
    Record(given);
    ASSERT_OK(store.RequestRun({.week = week, .time_zone = zone.name()}, days.back(), kForever));
    ASSERT_OK(store.ChangeRun(
        week,
        [&](WeeklyReportRun& run) {
          Succeed(run, days.back());
          return absl::OkStatus();
        },
        kForever));
    ASSERT_OK(store.RegenerateReports(week, std::vector{student}, {.days = days}, false,
                                      days.back(), kForever));
    ASSERT_OK_AND_ASSIGN(const WeeklyReport report, store.GetReport(week, student, kForever));
    const bool same = ToJson(report.courses) == given["courses"] &&
                      MailValues(report) == given["mail"] && report.late == LateActivity();
    if (same) continue;
    ADD_FAILURE() << student << "\nreport " << ToJson(report.courses) << "\noracle "
                  << given["courses"] << "\nmail   " << MailValues(report) << "\noracle "
                  << given["mail"];
    if (++differences == 5) break;
  }
}

}  // namespace
}  // namespace lmsmail::report
