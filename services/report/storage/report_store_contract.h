#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/time/time.h"

#include "libs/testing/status_matchers.h"
#include "services/report/storage/activity_store.h"
#include "services/report/storage/course_store.h"
#include "services/report/storage/weekly_report_store.h"

// The contract of the three stores. A test program instantiates it for its implementation:
//
//   INSTANTIATE_TEST_SUITE_P(InMemory, ReportStoreContract, ::testing::Values(NewInMemoryStores));
namespace lmsmail::report {

struct Stores {
  virtual ~Stores() = default;
  virtual CourseStore& courses() = 0;
  virtual ActivityStore& activities() = 0;
  virtual WeeklyReportStore& reports() = 0;
};

class ReportStoreContract : public ::testing::TestWithParam<std::unique_ptr<Stores> (*)()> {
 protected:
  static constexpr absl::Time kForever = absl::InfiniteFuture();

  // In the week 2026-W47, UTC: `day` 1 is Monday.
  static absl::Time On(int day, int hour = 12) {
    return absl::FromCivil(absl::CivilHour(2026, 11, 15 + day, hour), absl::UTCTimeZone());
  }
  static IsoWeek Week() { return IsoWeek(absl::CivilDay(2026, 11, 16)); }
  static std::vector<absl::Time> Days() { return Week().DayBounds(absl::UTCTimeZone()); }
  // Of Week(), with those who left.
  Students AllStudents() const { return {.days = days_, .also_left = true}; }
  static absl::Time Now() { return On(8, 9); }  // the Monday after

  Activity NewActivity(const std::string& student, const std::string& course, absl::Time time,
                       decltype(Activity::event) event) {
    return {.id = "event-" + std::to_string(++activities_),
            .student = student,
            .course = course,
            .time = time,
            .event = std::move(event)};
  }

  std::vector<RecordResult> Record(const std::vector<Activity>& activities) {
    const auto results = this->activities().Record(activities, kForever);
    EXPECT_OK(results);
    return results.value_or(std::vector<RecordResult>());
  }

  std::vector<std::string> StudentsOf(const std::string& course, absl::Time now = Now()) {
    std::vector<std::string> students;
    const auto listed = activities().ListEnrolled(course, now, "", 100, kForever);
    EXPECT_OK(listed);
    for (const Enrollment& enrollment : *listed) students.push_back(enrollment.student);
    return students;
  }

  std::vector<CourseProgress> ProgressOf(const std::string& student) {
    const auto week = reports().GetStudentProgress(student, Week(), AllStudents(), kForever);
    EXPECT_OK(week);
    return week.ok() ? week->courses : std::vector<CourseProgress>();
  }

  // Enrolls students s1 to s<count> in course "a". Those with an odd number watched for a minute.
  void EnrollStudents(int count) {
    std::vector<Activity> activities;
    for (int i = 1; i <= count; ++i) {
      const std::string student = "s" + std::to_string(i);
      activities.push_back(NewActivity(student, "a", On(-30), report::Enrolled{}));
      if (i % 2 == 1)
        activities.push_back(NewActivity(student, "a", On(2), Watched{absl::Minutes(1)}));
    }
    Record(activities);
  }

  // Returns a claimed run of Week().
  WeeklyReportRun ClaimedRun() {
    EXPECT_OK(reports().RequestRun({.week = Week()}, Now(), kForever));
    const auto run = reports().ClaimRun(Now(), kForever);
    EXPECT_OK(run);
    EXPECT_TRUE(run.ok() && run->has_value());
    return **run;
  }

  CourseStore& courses() { return stores_->courses(); }
  ActivityStore& activities() { return stores_->activities(); }
  WeeklyReportStore& reports() { return stores_->reports(); }

  const std::vector<absl::Time> days_ = Days();
  std::unique_ptr<Stores> stores_ = GetParam()();
  int activities_ = 0;
};

}  // namespace lmsmail::report
