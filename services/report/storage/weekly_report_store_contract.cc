#include <string>
#include <vector>

#include "services/report/storage/report_store_contract.h"

namespace lmsmail::report {
namespace {

using ::testing::ElementsAre;
using ::testing::Field;
using ::testing::IsEmpty;
using ::testing::SizeIs;

TEST_P(ReportStoreContract, CountsTheActivitiesOfTheWeek) {
  ASSERT_OK(courses().Upsert({{.id = "a", .title = "A", .url = "https://x/a", .lesson_count = 10}},
                             On(1), kForever));
  const absl::Time start = Days().front();
  const absl::Time end = Days().back();
  Record({
      NewActivity("s1", "a", start - absl::Seconds(1), LessonCompleted{"l1"}),
      NewActivity("s1", "a", start, LessonCompleted{"l2"}),
      NewActivity("s1", "a", On(3), LessonCompleted{"l1"}),  // repeated: activity, but no lesson
      NewActivity("s1", "a", On(7, 23), LessonCompleted{"l3"}),
      NewActivity("s1", "a", end, LessonCompleted{"l4"}),
      NewActivity("s1", "a", On(3), Watched{absl::Minutes(10)}),
      NewActivity("s1", "a", On(3), Watched{absl::Milliseconds(1500)}),
      NewActivity("s1", "a", end, Watched{absl::Minutes(99)}),
      NewActivity("s1", "a", On(3), QuizTaken{"q1", true}),
      NewActivity("s1", "a", On(4), QuizTaken{"q1", true}),
      NewActivity("s1", "a", On(4), QuizTaken{"q2", false}),
      NewActivity("s1", "b", On(4), QuizTaken{"q1", false}),
      NewActivity("s2", "a", On(4), Watched{absl::Minutes(7)}),
  });
  EXPECT_THAT(ProgressOf("s1"),
              ElementsAre(CourseProgress{.course = "a",
                                         .title = "A",
                                         .url = "https://x/a",
                                         .lesson_count = 10,
                                         .lessons_completed = 2,
                                         .total_lessons_completed = 3,
                                         .quizzes_passed = 1,
                                         .watch_duration = absl::Milliseconds(601'500),
                                         .active_days = 0b1001101},
                          CourseProgress{.course = "b", .active_days = 0b0001000}));
}

TEST_P(ReportStoreContract, CountsALessonInTheWeekOfItsFirstCompletionEvenWhenRecordedLate) {
  Record({NewActivity("s1", "a", On(3), LessonCompleted{"l1"})});
  EXPECT_EQ(ProgressOf("s1").at(0).lessons_completed, 1);
  Record({NewActivity("s1", "a", On(-3), LessonCompleted{"l1"})});
  EXPECT_EQ(ProgressOf("s1").at(0).lessons_completed, 0);
  EXPECT_EQ(ProgressOf("s1").at(0).total_lessons_completed, 1);
}

TEST_P(ReportStoreContract, EnrollmentAloneIsNoActivity) {
  Record({NewActivity("s1", "a", On(2), Enrolled{}), NewActivity("s2", "a", On(2), Enrolled{}),
          NewActivity("s2", "a", On(3), Unenrolled{})});
  ASSERT_OK_AND_ASSIGN(const StudentProgress s1,
                       reports().GetStudentProgress("s1", Week(), AllStudents(), kForever));
  EXPECT_TRUE(s1.gets_report);
  EXPECT_THAT(s1.courses, IsEmpty());
  ASSERT_OK_AND_ASSIGN(const StudentProgress s2,
                       reports().GetStudentProgress("s2", Week(), AllStudents(), kForever));
  EXPECT_FALSE(s2.gets_report);
}

TEST_P(ReportStoreContract, AWeekHasOneRun) {
  ASSERT_OK_AND_ASSIGN(const auto made,
                       reports().RequestRun({.week = Week(), .skip_mail = true}, On(8), kForever));
  EXPECT_EQ(made, (WeeklyReportRun{.week = Week(), .skip_mail = true, .create_time = On(8)}));
  EXPECT_THAT(reports().RequestRun({.week = Week(), .skip_mail = true}, On(9), kForever),
              IsOkAndHolds(made));
  EXPECT_THAT(reports().GetRun(Week(), kForever), IsOkAndHolds(made));
  EXPECT_THAT(reports().GetRun(IsoWeek(), kForever), StatusIs(absl::StatusCode::kNotFound));
}

TEST_P(ReportStoreContract, ListsRunsNewestFirst) {
  for (int back = 0; back < 3; ++back) {
    const IsoWeek week(Week().first_day() - 7 * back);
    ASSERT_OK(reports().RequestRun({.week = week, .skip_mail = true}, On(8), kForever));
  }
  const auto weeks = [&](std::optional<IsoWeek> before, int limit) {
    std::vector<std::string> names;
    const auto runs = reports().ListRuns(before, limit, kForever);
    EXPECT_OK(runs);
    for (const auto& run : *runs) names.push_back(run.week.ToString());
    return names;
  };
  EXPECT_THAT(weeks(std::nullopt, 2), ElementsAre("2026-W47", "2026-W46"));
  EXPECT_THAT(weeks(IsoWeek::Parse("2026-W46"), 2), ElementsAre("2026-W45"));
}

TEST_P(ReportStoreContract, StoresAChangeCompletelyOrNotAtAll) {
  ASSERT_OK(reports().RequestRun({.week = Week(), .skip_mail = true}, On(8), kForever));
  const auto change = [](WeeklyReportRun& run) {
    run.state = RunState::kFailed;
    run.skip_mail = false;
    run.cursor = "s5";
    run.total_count = 1;
    run.processed_count = 2;
    run.mail_count = 3;
    run.rejected_count = 4;
    run.inactive_count = 5;
    run.detail = "why";
    run.end_time = On(9);
    run.fence = 6;
    run.lease_expire_time = On(10);
    run.next_attempt_time = On(11);
    run.failure_count = 7;
    run.first_failure_time = On(12);
    return absl::OkStatus();
  };
  WeeklyReportRun expected{.week = Week(), .create_time = On(8)};
  EXPECT_OK(change(expected));
  EXPECT_THAT(reports().ChangeRun(Week(), change, kForever), IsOkAndHolds(expected));
  EXPECT_THAT(reports().GetRun(Week(), kForever), IsOkAndHolds(expected));

  EXPECT_THAT(reports().ChangeRun(
                  Week(),
                  [](WeeklyReportRun& run) {
                    run.detail = "other";
                    return absl::AbortedError("no");
                  },
                  kForever),
              StatusIs(absl::StatusCode::kAborted));
  EXPECT_THAT(reports().GetRun(Week(), kForever), IsOkAndHolds(expected));
}

TEST_P(ReportStoreContract, ARunHasOneHolderAtATime) {
  const WeeklyReportRun run = ClaimedRun();
  EXPECT_EQ(run.state, RunState::kRunning);
  EXPECT_THAT(reports().ClaimRun(Now(), kForever), IsOkAndHolds(std::nullopt));
  ASSERT_OK_AND_ASSIGN(const auto next, reports().ClaimRun(Now() + kRunLease, kForever));
  ASSERT_TRUE(next);
  EXPECT_EQ(next->fence, run.fence + 1);
  EXPECT_THAT(reports().GenerateReports(Week(), run.fence, AllStudents(), 10, Now(), kForever),
              StatusIs(absl::StatusCode::kAborted));
}

TEST_P(ReportStoreContract, GeneratesReportsInSteps) {
  EnrollStudents(5);
  EXPECT_THAT(reports().CountStudents(AllStudents(), kForever), IsOkAndHolds(5));
  const WeeklyReportRun run = ClaimedRun();
  const auto make = [&] {
    return reports().GenerateReports(Week(), run.fence, AllStudents(), 2, Now(), kForever);
  };
  ASSERT_OK_AND_ASSIGN(WeeklyReportRun made, make());
  EXPECT_EQ(made.cursor, "s2");
  EXPECT_EQ(made.processed_count, 2);
  EXPECT_EQ(made.inactive_count, 1);
  ASSERT_OK(make());
  ASSERT_OK_AND_ASSIGN(made, make());
  EXPECT_EQ(made.cursor, "s5");
  ASSERT_OK_AND_ASSIGN(made, make());
  EXPECT_EQ(made.cursor, "s5");
  EXPECT_EQ(made.processed_count, 5);
  EXPECT_EQ(made.inactive_count, 2);

  ASSERT_OK_AND_ASSIGN(const auto all, reports().ListReports({.week = Week()}, kForever));
  EXPECT_THAT(all, SizeIs(5));
  ASSERT_OK_AND_ASSIGN(const auto s1, reports().GetReport(Week(), "s1", kForever));
  EXPECT_EQ(
      s1, (WeeklyReport{
              .week = Week(), .student = "s1", .courses = ProgressOf("s1"), .create_time = Now()}));
  EXPECT_FALSE(reports().GetReport(Week(), "s2", kForever)->HasActivity());
  EXPECT_THAT(reports().GetReport(Week(), "s6", kForever), StatusIs(absl::StatusCode::kNotFound));
}

TEST_P(ReportStoreContract, StoredReportDoesNotChange) {
  ASSERT_OK(courses().Upsert({{.id = "a", .title = "Old"}}, On(1), kForever));
  EnrollStudents(1);
  const WeeklyReportRun run = ClaimedRun();
  ASSERT_OK(reports().GenerateReports(Week(), run.fence, AllStudents(), 10, Now(), kForever));
  ASSERT_OK(courses().Upsert({{.id = "a", .title = "New"}}, On(9), kForever));
  Record({NewActivity("s1", "a", On(2), Watched{absl::Hours(1)})});
  ASSERT_OK_AND_ASSIGN(const auto report, reports().GetReport(Week(), "s1", kForever));
  EXPECT_EQ(report.courses.at(0).title, "Old");
  EXPECT_EQ(report.WatchDuration(), absl::Minutes(1));
}

TEST_P(ReportStoreContract, RecordsMailOnceEvenAfterTheRunHasEnded) {
  EnrollStudents(5);
  const WeeklyReportRun run = ClaimedRun();
  ASSERT_OK(reports().GenerateReports(Week(), run.fence, AllStudents(), 10, Now(), kForever));
  ASSERT_OK_AND_ASSIGN(const auto unsent, reports().ListUnsent(Week(), 2, kForever));
  EXPECT_THAT(unsent, ElementsAre(Field(&WeeklyReport::student, "s1"),
                                  Field(&WeeklyReport::student, "s3")));
  ASSERT_OK(reports().ChangeRun(
      Week(), [](WeeklyReportRun& stored) { return Cancel(stored, Now()); }, kForever));

  const std::vector<MailOutcome> outcomes = {
      {.student = "s1", .accepted = true},
      {.student = "s3", .accepted = false, .rejection = "bad \"target\", {x}"}};
  for (int repeat = 0; repeat < 2; ++repeat) {
    ASSERT_OK_AND_ASSIGN(const auto recorded, reports().RecordMail(Week(), outcomes, kForever));
    EXPECT_EQ(recorded.mail_count, 1);
    EXPECT_EQ(recorded.rejected_count, 1);
    EXPECT_EQ(recorded.state, RunState::kCancelled);
  }
  ASSERT_OK_AND_ASSIGN(const auto left, reports().ListUnsent(Week(), 10, kForever));
  EXPECT_THAT(left, ElementsAre(Field(&WeeklyReport::student, "s5")));
  EXPECT_EQ(reports().GetReport(Week(), "s1", kForever)->mail_state, MailState::kAccepted);
  EXPECT_EQ(reports().GetReport(Week(), "s3", kForever)->mail_state, MailState::kRejected);
}

TEST_P(ReportStoreContract, ListsReportsByStudentOrByWeek) {
  EnrollStudents(3);
  for (int back = 1; back >= 0; --back) {
    const IsoWeek week(Week().first_day() - 7 * back);
    ASSERT_OK(reports().RequestRun({.week = week, .skip_mail = true}, Now(), kForever));
    ASSERT_OK_AND_ASSIGN(const auto run, reports().ClaimRun(Now(), kForever));
    ASSERT_TRUE(run);
    const auto days = week.DayBounds(absl::UTCTimeZone());
    ASSERT_OK(reports().GenerateReports(week, run->fence, {.days = days}, 10, Now(), kForever));
  }
  const auto keys = [&](const ReportQuery& query) {
    std::vector<std::string> names;
    const auto listed = reports().ListReports(query, kForever);
    EXPECT_OK(listed);
    for (const auto& report : *listed) {
      names.push_back(report.week.ToString() + "/" + report.student);
    }
    return names;
  };
  EXPECT_THAT(keys({.week = Week(), .limit = 2}), ElementsAre("2026-W47/s1", "2026-W47/s2"));
  EXPECT_THAT(keys({.week = Week(), .after_student = "s2"}), ElementsAre("2026-W47/s3"));
  EXPECT_THAT(keys({.week = Week(), .student = "s3"}), ElementsAre("2026-W47/s3"));
  EXPECT_THAT(keys({.student = "s1"}), ElementsAre("2026-W47/s1", "2026-W46/s1"));
  EXPECT_THAT(keys({.student = "s1", .before_week = Week()}), ElementsAre("2026-W46/s1"));
}

TEST_P(ReportStoreContract, KeepsZoneAndLocalTimeOfTheFirstRequest) {
  const RunRequest first{.week = Week(),
                         .time_zone = "Asia/Tokyo",
                         .local_time = absl::CivilMinute(2026, 11, 23, 9, 0)};
  ASSERT_OK(reports().RequestRun(first, Now(), kForever));
  ASSERT_OK_AND_ASSIGN(const WeeklyReportRun run,
                       reports().RequestRun({.week = Week(), .time_zone = "UTC"}, Now(), kForever));
  EXPECT_EQ(run.time_zone, "Asia/Tokyo");
  EXPECT_EQ(run.local_time, first.local_time);
  EXPECT_THAT(reports().GetRun(Week(), kForever), IsOkAndHolds(run));
}

TEST_P(ReportStoreContract, ReportsWhoLeftInTheWeekOrSinceIfSheStudiedInIt) {
  const auto take = [&](const std::string& student, int left_on, int studied_on) {
    Record({NewActivity(student, "a", On(-30), Enrolled{}),
            NewActivity(student, "a", On(studied_on), Watched{absl::Minutes(5)}),
            NewActivity(student, "a", On(left_on), Unenrolled{})});
  };
  take("left-after", 8, 3);
  take("left-before", -1, -2);
  take("left-in-week", 4, 3);
  take("left-without-study", 4, -2);
  Record({NewActivity("stays", "a", On(-30), Enrolled{})});
  const Students stayed{.days = days_};
  EXPECT_THAT(reports().CountStudents(AllStudents(), kForever), IsOkAndHolds(3));
  EXPECT_THAT(reports().CountStudents(stayed, kForever), IsOkAndHolds(1));
  EXPECT_FALSE(reports().GetStudentProgress("left-in-week", Week(), stayed, kForever)->gets_report);
  EXPECT_TRUE(
      reports().GetStudentProgress("left-in-week", Week(), AllStudents(), kForever)->gets_report);

  const WeeklyReportRun run = ClaimedRun();
  // One at a time: the order of students holds across both kinds.
  for (int step = 0; step < 5; ++step) {
    ASSERT_OK(reports().GenerateReports(Week(), run.fence, AllStudents(), 1, Now(), kForever));
  }
  ASSERT_OK_AND_ASSIGN(const auto made, reports().ListReports({.week = Week()}, kForever));
  std::vector<std::string> students;
  for (const WeeklyReport& report : made) students.push_back(report.student);
  EXPECT_THAT(students, ElementsAre("left-after", "left-in-week", "stays"));
}

TEST_P(ReportStoreContract, WhatIsRecordedLateIsInTheNextReport) {
  Record({NewActivity("s1", "a", On(-30), Enrolled{}),
          NewActivity("s1", "a", On(1), LessonCompleted{"in-time"})});
  const WeeklyReportRun run = ClaimedRun();
  ASSERT_OK(reports().GenerateReports(Week(), run.fence, AllStudents(), 10, Now(), kForever));
  Record({NewActivity("s1", "a", On(2), LessonCompleted{"late"}),
          NewActivity("s1", "b", On(2), LessonCompleted{"late"}),
          NewActivity("s1", "a", On(3), LessonCompleted{"in-time"}),  // again
          NewActivity("s1", "a", On(3), Watched{absl::Minutes(7)}),
          NewActivity("s1", "a", On(4), QuizTaken{"q1", true}),
          NewActivity("s1", "a", On(5), QuizTaken{"q1", true}),
          NewActivity("s1", "a", On(5), QuizTaken{"q2", false}),
          NewActivity("s1", "a", On(-29), Watched{absl::Hours(3)}),  // too late to be told
          NewActivity("s2", "a", On(-30), Enrolled{}),
          NewActivity("s2", "a", On(3), Watched{absl::Minutes(7)})});

  // The report of the week is as it was.
  EXPECT_EQ(reports().GetReport(Week(), "s1", kForever)->LessonsCompleted(), 1);
  EXPECT_EQ(reports().GetReport(Week(), "s1", kForever)->late, LateActivity());

  const IsoWeek next(Week().first_day() + 7);
  const auto days = next.DayBounds(absl::UTCTimeZone());
  const LateActivity late{
      .lessons_completed = 2, .watch_duration = absl::Minutes(7), .quizzes_passed = 1};
  ASSERT_OK_AND_ASSIGN(const StudentProgress progress,
                       reports().GetStudentProgress("s1", next, {.days = days}, kForever));
  EXPECT_EQ(progress.late, late);
  EXPECT_THAT(progress.courses, IsEmpty());

  ASSERT_OK(reports().RequestRun({.week = next}, On(15), kForever));
  ASSERT_OK(reports().ChangeRun(
      Week(),
      [](WeeklyReportRun& old) {
        Succeed(old, On(9));
        return absl::OkStatus();
      },
      kForever));
  ASSERT_OK_AND_ASSIGN(const auto claimed, reports().ClaimRun(On(15), kForever));
  ASSERT_TRUE(claimed);
  ASSERT_OK(reports().GenerateReports(next, claimed->fence, {.days = days}, 10, On(15), kForever));
  ASSERT_OK_AND_ASSIGN(const auto unsent, reports().ListUnsent(next, 10, kForever));
  ASSERT_THAT(unsent, SizeIs(1)) << "s2 had no report before, so nothing of hers is late";
  EXPECT_EQ(unsent[0].student, "s1");
  EXPECT_EQ(unsent[0].late, late);

  // It is told once.
  const IsoWeek after(Week().first_day() + 14);
  const auto days_after = after.DayBounds(absl::UTCTimeZone());
  EXPECT_EQ(reports().GetStudentProgress("s1", after, {.days = days_after}, kForever)->late,
            LateActivity());
}

TEST_P(ReportStoreContract, GeneratesReportsOfSomeStudentsAgain) {
  EnrollStudents(4);
  const WeeklyReportRun run = ClaimedRun();
  const std::vector<std::string> some = {"s1", "s2", "s3", "nobody"};
  EXPECT_THAT(
      reports().RegenerateReports(Week(), some, AllStudents(), false, Now(), kForever).status(),
      StatusIs(absl::StatusCode::kFailedPrecondition));
  EXPECT_THAT(
      reports().RegenerateReports(IsoWeek(), some, AllStudents(), false, Now(), kForever).status(),
      StatusIs(absl::StatusCode::kNotFound));
  ASSERT_OK(reports().GenerateReports(Week(), run.fence, AllStudents(), 10, Now(), kForever));
  ASSERT_OK(reports().RecordMail(Week(),
                                 std::vector{MailOutcome{.student = "s1", .accepted = true},
                                             MailOutcome{.student = "s3", .rejection = "no"}},
                                 kForever));
  ASSERT_OK(reports().ChangeRun(
      Week(),
      [](WeeklyReportRun& held) {
        Succeed(held, Now());
        return absl::OkStatus();
      },
      kForever));
  std::vector<Activity> more;
  for (const char* student : {"s1", "s2", "s3", "s4"}) {
    more.push_back(NewActivity(student, "a", On(5), LessonCompleted{"l1"}));
  }
  Record(more);
  ASSERT_OK_AND_ASSIGN(
      const WeeklyReportRun again,
      reports().RegenerateReports(Week(), some, AllStudents(), false, On(9), kForever));
  EXPECT_EQ(again.state, RunState::kPending);
  EXPECT_EQ(again.processed_count, 4);
  EXPECT_EQ(again.inactive_count, 1);
  ASSERT_OK_AND_ASSIGN(const auto all, reports().ListReports({.week = Week()}, kForever));
  ASSERT_THAT(all, SizeIs(4));
  EXPECT_EQ(all[0].LessonsCompleted(), 1);
  EXPECT_EQ(all[0].mail_state, MailState::kAccepted) << "a mail has gone out";
  EXPECT_EQ(all[1].mail_state, MailState::kUnsent);
  EXPECT_EQ(all[2].mail_state, MailState::kUnsent) << "its mail was rejected";
  EXPECT_EQ(all[3].LessonsCompleted(), 0) << "not asked for";
  ASSERT_OK_AND_ASSIGN(const auto unsent, reports().ListUnsent(Week(), 10, kForever));
  EXPECT_THAT(unsent, SizeIs(2));
}

}  // namespace
}  // namespace lmsmail::report
