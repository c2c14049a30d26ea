#include "services/report/api/report_service.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "libs/rpc/client_call.h"
#include "libs/rpc/testing/in_process_server.h"
#include "libs/rpc/testing/matchers.h"
#include "libs/school/testing/fake_school.h"
#include "libs/testing/status_matchers.h"
#include "services/report/domain/weekly_mail.h"
#include "services/report/storage/in_memory_report_store.h"
#include "services/report/testing/fake_peers.h"

namespace lmsmail::report {
namespace {

using ::lmsmail::rpc::HasReason;
using ::lmsmail::rpc::HasViolation;
using ::testing::_;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

class ReportServiceTest : public ::testing::Test {
 protected:
  template <typename Request, typename Response>
  absl::StatusOr<Response> Call(grpc::Status (v1::ReportService::StubInterface::*method)(
                                    grpc::ClientContext*, const Request&, Response*),
                                const Request& request) {
    return rpc::Call(*stub_, method, request, rpc::WithTimeout(absl::Seconds(20)));
  }

  static v1::Activity NewActivity(const std::string& id, const std::string& student) {
    v1::Activity activity;
    activity.set_activity_id(id);
    activity.set_student("recipients/" + student);
    activity.set_course("courses/cpp");
    activity.mutable_activity_time()->set_seconds(absl::ToUnixSeconds(kTuesday));
    return activity;
  }

  void Enroll(const std::string& student) {
    v1::RecordActivityRequest request;
    *request.add_activities() = NewActivity("enroll-" + student, student);
    request.mutable_activities(0)->mutable_enrolled();
    EXPECT_OK(Call(&v1::ReportService::StubInterface::RecordActivity, request));
  }

  void Watch(const std::string& student) {
    v1::RecordActivityRequest request;
    *request.add_activities() = NewActivity("watch-" + student, student);
    request.mutable_activities(0)->mutable_watched()->mutable_duration()->set_seconds(600);
    EXPECT_OK(Call(&v1::ReportService::StubInterface::RecordActivity, request));
  }

  absl::StatusOr<v1::WeeklyReportRun> Generate(const std::string& week = "") {
    v1::GenerateWeeklyReportsRequest request;
    request.set_week(week);
    return Call(&v1::ReportService::StubInterface::GenerateWeeklyReports, request);
  }

  // Generates all reports of the last complete week, without a worker.
  void GenerateReports() {
    ASSERT_OK(Generate());
    ASSERT_OK_AND_ASSIGN(const auto run, store_.ClaimRun(clock_.Now(), absl::InfiniteFuture()));
    ASSERT_TRUE(run);
    const auto days = run->week.DayBounds(absl::UTCTimeZone());
    ASSERT_OK(store_.GenerateReports(run->week, run->fence, {.days = days}, 100, clock_.Now(),
                                     absl::InfiniteFuture()));
  }

  static inline const absl::Time kTuesday =
      absl::FromCivil(absl::CivilHour(2026, 11, 17, 12), absl::UTCTimeZone());
  static inline const absl::Time kNow =
      absl::FromCivil(absl::CivilHour(2026, 11, 24, 12), absl::UTCTimeZone());

  FakeClock clock_{kNow};
  InMemoryReportStore store_;
  FakePreviewer previewer_;
  FakeMailStatsSource mail_stats_;
  school::FakeSchool school_{{.display_name = "School", .url = "https://school.example/"}};
  int run_requests_ = 0;
  WeeklyReports reports_{{.store = store_,
                          .previewer = previewer_,
                          .clock = clock_,
                          .school = school_,
                          .run_requested = [this] { ++run_requests_; }}};
  rpc::TestRunner runner_;
  CourseHandlers course_handlers_{store_, store_, clock_};
  WeeklyReportHandlers weekly_report_handlers_{reports_, store_};
  MailStatsHandlers mail_stats_handlers_{mail_stats_};
  ReportService service_{runner_.get(), course_handlers_, weekly_report_handlers_,
                         mail_stats_handlers_, runner_.audit_handlers()};
  rpc::InProcessServer server_{{rpc::Host<v1::ReportService>(service_)}};
  std::unique_ptr<v1::ReportService::Stub> stub_ = server_.NewStub<v1::ReportService>();
};

using Stub = v1::ReportService::StubInterface;

TEST_F(ReportServiceTest, ReturnsStoredCourses) {
  v1::UpsertCoursesRequest request;
  v1::Course& course = *request.add_courses();
  course.set_name("courses/cpp-101");
  course.set_title("C++");
  course.set_url("https://learn.example/cpp");
  course.set_instructor_name("Bea");
  course.set_lesson_count(12);
  ASSERT_OK_AND_ASSIGN(const auto stored, Call(&Stub::UpsertCourses, request));
  course.mutable_update_time()->set_seconds(absl::ToUnixSeconds(kNow));
  course.set_state(v1::Course::STATE_ACTIVE);
  EXPECT_EQ(stored.courses(0).DebugString(), course.DebugString());

  v1::GetCourseRequest get;
  get.set_name("courses/cpp-101");
  EXPECT_EQ(Call(&Stub::GetCourse, get)->DebugString(), course.DebugString());
  get.set_name("courses/none");
  EXPECT_THAT(Call(&Stub::GetCourse, get), StatusIs(absl::StatusCode::kNotFound));
}

TEST_F(ReportServiceTest, ReportsAllViolationsOfCourses) {
  v1::UpsertCoursesRequest request;
  request.add_courses()->set_name("courses/a b");
  v1::Course& second = *request.add_courses();
  second.set_name("courses/a");
  second.set_title("tab\there");
  second.set_url("javascript:alert(1)");
  second.set_lesson_count(-1);
  v1::Course& third = *request.add_courses();
  third.set_name("courses/a");
  third.set_title(std::string(201, 'x'));
  v1::Course& good = *request.add_courses();
  good.set_name("courses/good");
  good.set_title("Good");
  *request.add_courses() = good;
  ASSERT_OK_AND_ASSIGN(const auto answer, Call(&Stub::UpsertCourses, request));
  const auto message = [&](int i) { return answer.results(i).status().message(); };
  ASSERT_THAT(answer.results(), SizeIs(5));
  EXPECT_THAT(message(0), AllOf(HasSubstr("courses/{course}"), HasSubstr("title: is required")));
  EXPECT_EQ(answer.results(1).name(), "courses/a");
  EXPECT_THAT(message(1), AllOf(HasSubstr("title"), HasSubstr("url: "), HasSubstr("lesson_count")));
  EXPECT_EQ(answer.results(2).status().code(), static_cast<int>(absl::StatusCode::kAlreadyExists));
  EXPECT_EQ(answer.results(3).status().code(), 0);
  EXPECT_EQ(answer.results(4).status().code(), 0) << "the same twice";
  ASSERT_THAT(answer.courses(), SizeIs(1));
  EXPECT_EQ(answer.courses(0).name(), "courses/good");
  EXPECT_THAT(Call(&Stub::UpsertCourses, v1::UpsertCoursesRequest()),
              HasViolation("courses", HasSubstr("1 to 1000")));
}

TEST_F(ReportServiceTest, ListsCoursesInPages) {
  v1::UpsertCoursesRequest upsert;
  for (const char* id : {"b", "a", "c"}) {
    upsert.add_courses()->set_name(std::string("courses/") + id);
    upsert.mutable_courses()->rbegin()->set_title(id);
  }
  ASSERT_OK(Call(&Stub::UpsertCourses, upsert));
  v1::ListCoursesRequest request;
  request.set_page_size(2);
  ASSERT_OK_AND_ASSIGN(const auto first, Call(&Stub::ListCourses, request));
  ASSERT_THAT(first.courses(), SizeIs(2));
  EXPECT_EQ(first.courses(0).name(), "courses/a");
  request.set_page_token(first.next_page_token());
  ASSERT_OK_AND_ASSIGN(const auto second, Call(&Stub::ListCourses, request));
  ASSERT_THAT(second.courses(), SizeIs(1));
  EXPECT_EQ(second.courses(0).name(), "courses/c");
  EXPECT_THAT(second.next_page_token(), IsEmpty());

  request.set_page_size(-1);
  request.set_page_token("garbage");
  const auto invalid = Call(&Stub::ListCourses, request);
  EXPECT_THAT(invalid, HasViolation("page_size", _));
  EXPECT_THAT(invalid, HasViolation("page_token", _));
}

TEST_F(ReportServiceTest, ReportsAllViolationsOfActivities) {
  v1::RecordActivityRequest request;
  request.add_activities();
  v1::Activity& late = *request.add_activities();
  late = NewActivity("f1", "s1");
  late.mutable_activity_time()->set_seconds(absl::ToUnixSeconds(kNow + absl::Hours(25)));
  late.mutable_watched();
  v1::Activity& lesson = *request.add_activities();
  lesson = NewActivity("f2", "s1");
  lesson.mutable_lesson_completed();
  v1::Activity& broken = *request.add_activities();
  broken = NewActivity("f3", "s1");
  broken.mutable_watched()->mutable_duration()->set_nanos(-2'000'000'000);
  v1::Activity& good = *request.add_activities();
  good = NewActivity("f4", "s1");
  good.mutable_activity_time()->set_seconds(absl::ToUnixSeconds(kNow + absl::Minutes(15)));
  good.mutable_enrolled()->mutable_start_time();  // 0: no date
  ASSERT_OK_AND_ASSIGN(const auto answer, Call(&Stub::RecordActivity, request));
  const auto message = [&](int i) { return answer.results(i).status().message(); };
  ASSERT_THAT(answer.results(), SizeIs(5));
  EXPECT_THAT(message(0), AllOf(HasSubstr("activity_id"), HasSubstr("student"), HasSubstr("course"),
                                HasSubstr("event: is required")));
  EXPECT_THAT(message(1), AllOf(HasSubstr("activity_time"), HasSubstr("watched.duration")));
  EXPECT_THAT(message(2), HasSubstr("lesson_completed.lesson_id"));
  EXPECT_THAT(message(3), HasSubstr("watched.duration"));
  EXPECT_EQ(answer.results(4).status().code(), 0);
  EXPECT_EQ(answer.recorded_count(), 1);
  v1::GetEnrollmentRequest get;
  get.set_student("recipients/s1");
  get.set_course("courses/cpp");
  EXPECT_EQ(Call(&Stub::GetEnrollment, get)->enroll_time().seconds(),
            good.activity_time().seconds());
  EXPECT_THAT(Call(&Stub::RecordActivity, v1::RecordActivityRequest()),
              HasViolation("activities", HasSubstr("1 to 1000")));
}

TEST_F(ReportServiceTest, AnIdOfAnotherActivityIsAConflict) {
  Enroll("s1");
  v1::RecordActivityRequest request;
  *request.add_activities() = NewActivity("enroll-s1", "s2");
  request.mutable_activities(0)->mutable_enrolled();
  *request.add_activities() = NewActivity("enroll-s1", "s1");
  request.mutable_activities(1)->mutable_enrolled();
  ASSERT_OK_AND_ASSIGN(const auto answer, Call(&Stub::RecordActivity, request));
  EXPECT_EQ(answer.results(0).status().code(), static_cast<int>(absl::StatusCode::kAlreadyExists));
  EXPECT_THAT(answer.results(0).status().message(), HasSubstr("enroll-s1"));
  EXPECT_TRUE(answer.results(1).duplicate());
}

TEST_F(ReportServiceTest, TheNewestFactOfEachFieldOfACourseCounts) {
  const auto merge = [&](absl::Duration age, const std::string& title, const std::string& url,
                         v1::Course::State state = v1::Course::STATE_UNSPECIFIED) {
    v1::MergeCoursesRequest request;
    v1::CourseFact& fact = *request.add_facts();
    fact.mutable_course()->set_name("courses/cpp");
    fact.mutable_course()->set_title(title);
    fact.mutable_course()->set_url(url);
    fact.mutable_course()->set_state(state);
    fact.mutable_fact_time()->set_seconds(absl::ToUnixSeconds(kNow - age));
    request.add_facts()->mutable_course()->set_name("cpp");
    ASSERT_OK_AND_ASSIGN(const auto answer, Call(&Stub::MergeCourses, request));
    EXPECT_EQ(answer.results(0).code(), 0);
    EXPECT_THAT(answer.results(1).message(), HasSubstr("course.name"));
  };
  v1::GetCourseRequest get;
  get.set_name("courses/cpp");
  merge(absl::Hours(1), "New", "");
  merge(absl::Hours(2), "Old", "https://learn.example/old");
  EXPECT_EQ(Call(&Stub::GetCourse, get)->title(), "New");
  EXPECT_EQ(Call(&Stub::GetCourse, get)->url(), "https://learn.example/old");
  Enroll("s1");
  merge(absl::Minutes(30), "", "", v1::Course::STATE_ARCHIVED);
  EXPECT_EQ(Call(&Stub::GetCourse, get)->state(), v1::Course::STATE_ARCHIVED);
  v1::ListEnrolledStudentsRequest list;
  list.set_course("courses/cpp");
  EXPECT_THAT(Call(&Stub::ListEnrolledStudents, list)->enrollments(), IsEmpty());
}

TEST_F(ReportServiceTest, RecordsActivitiesOnceAndListsEnrollments) {
  v1::RecordActivityRequest request;
  *request.add_activities() = NewActivity("e1", "s1");
  request.mutable_activities(0)->mutable_enrolled();
  ASSERT_OK(Call(&Stub::RecordActivity, request));
  *request.add_activities() = NewActivity("e2", "s2");
  request.mutable_activities(1)->mutable_enrolled();
  ASSERT_OK_AND_ASSIGN(const auto count, Call(&Stub::RecordActivity, request));
  EXPECT_EQ(count.recorded_count(), 1);
  EXPECT_EQ(count.duplicate_count(), 1);

  v1::ListEnrolledStudentsRequest list;
  list.set_course("courses/cpp");
  list.set_page_size(1);
  ASSERT_OK_AND_ASSIGN(auto page, Call(&Stub::ListEnrolledStudents, list));
  ASSERT_THAT(page.enrollments(), SizeIs(1));
  EXPECT_EQ(page.enrollments(0).student(), "recipients/s1");
  EXPECT_EQ(page.enrollments(0).enroll_time().seconds(), absl::ToUnixSeconds(kTuesday));
  list.set_page_token(page.next_page_token());
  ASSERT_OK_AND_ASSIGN(page, Call(&Stub::ListEnrolledStudents, list));
  EXPECT_EQ(page.enrollments(0).student(), "recipients/s2");
  EXPECT_THAT(page.next_page_token(), IsEmpty());

  list.set_course("courses/other");
  EXPECT_THAT(Call(&Stub::ListEnrolledStudents, list), HasViolation("page_token", _))
      << "the token belongs to another course";
  list.clear_page_token();
  EXPECT_THAT(Call(&Stub::ListEnrolledStudents, list), StatusIs(absl::StatusCode::kNotFound));
}

TEST_F(ReportServiceTest, GeneratingAgainReturnsTheSameRun) {
  ASSERT_OK_AND_ASSIGN(const auto run, Generate());
  EXPECT_EQ(run.name(), "weeklyReportRuns/2026-W47");
  EXPECT_EQ(run.state(), v1::WeeklyReportRun::STATE_PENDING);
  EXPECT_EQ(run_requests_, 1);
  clock_.Advance(absl::Hours(1));
  EXPECT_EQ(Generate("2026-W47")->DebugString(), run.DebugString());
  v1::GetWeeklyReportRunRequest get;
  get.set_name(run.name());
  EXPECT_EQ(Call(&Stub::GetWeeklyReportRun, get)->DebugString(), run.DebugString());
  get.set_name("weeklyReportRuns/2026-W46");
  EXPECT_THAT(Call(&Stub::GetWeeklyReportRun, get), StatusIs(absl::StatusCode::kNotFound));
  get.set_name("weeklyReportRuns/2026-W99");
  EXPECT_THAT(Call(&Stub::GetWeeklyReportRun, get), HasViolation("name", _));
}

TEST_F(ReportServiceTest, RejectsInvalidWeeksAndWeeksThatAreNotOver) {
  EXPECT_THAT(Generate("47"), HasViolation("week", HasSubstr("2026-W47")));
  const auto early = Generate("2026-W48");
  EXPECT_THAT(early, StatusIs(absl::StatusCode::kFailedPrecondition));
  EXPECT_THAT(early, HasReason("WEEK_NOT_OVER"));
  EXPECT_EQ(run_requests_, 0);
}

TEST_F(ReportServiceTest, ListsAndCancelsRuns) {
  ASSERT_OK(Generate("2026-W45"));
  ASSERT_OK(Generate("2026-W47"));
  v1::ListWeeklyReportRunsRequest list;
  list.set_page_size(1);
  ASSERT_OK_AND_ASSIGN(auto page, Call(&Stub::ListWeeklyReportRuns, list));
  EXPECT_EQ(page.runs(0).name(), "weeklyReportRuns/2026-W47");
  list.set_page_token(page.next_page_token());
  ASSERT_OK_AND_ASSIGN(page, Call(&Stub::ListWeeklyReportRuns, list));
  EXPECT_EQ(page.runs(0).name(), "weeklyReportRuns/2026-W45");
  EXPECT_THAT(page.next_page_token(), IsEmpty());

  v1::CancelWeeklyReportRunRequest cancel;
  cancel.set_name("weeklyReportRuns/2026-W47");
  ASSERT_OK_AND_ASSIGN(const auto cancelled, Call(&Stub::CancelWeeklyReportRun, cancel));
  EXPECT_EQ(cancelled.state(), v1::WeeklyReportRun::STATE_CANCELLED);
  EXPECT_TRUE(cancelled.has_end_time());
  EXPECT_THAT(Call(&Stub::CancelWeeklyReportRun, cancel),
              StatusIs(absl::StatusCode::kFailedPrecondition));
  EXPECT_EQ(Generate("2026-W47")->state(), v1::WeeklyReportRun::STATE_PENDING);
}

TEST_F(ReportServiceTest, ReturnsAReport) {
  Enroll("s1");
  Watch("s1");
  GenerateReports();
  ASSERT_OK(store_.RecordMail(*IsoWeek::Parse("2026-W47"),
                              std::vector{MailOutcome{.student = "s1", .accepted = true}},
                              absl::InfiniteFuture()));
  v1::GetWeeklyReportRequest get;
  get.set_name("weeklyReportRuns/2026-W47/reports/s1");
  ASSERT_OK_AND_ASSIGN(const auto report, Call(&Stub::GetWeeklyReport, get));
  EXPECT_EQ(report.name(), get.name());
  EXPECT_EQ(report.student(), "recipients/s1");
  EXPECT_EQ(report.start_date(), "2026-11-16");
  EXPECT_EQ(report.end_date(), "2026-11-22");
  EXPECT_EQ(report.watch_duration().seconds(), 600);
  EXPECT_EQ(report.active_days(), 1);
  EXPECT_TRUE(report.has_activity());
  EXPECT_EQ(report.mail_request_id(), "weekly_progress/2026-W47/s1");
  ASSERT_THAT(report.courses(), SizeIs(1));
  EXPECT_EQ(report.courses(0).course(), "courses/cpp");
  EXPECT_EQ(report.courses(0).progress_percent(), -1);

  get.set_name("weeklyReportRuns/2026-W47/reports/s2");
  EXPECT_THAT(Call(&Stub::GetWeeklyReport, get), StatusIs(absl::StatusCode::kNotFound));
  get.set_name("weeklyReportRuns/2026-W47/reports/");
  EXPECT_THAT(Call(&Stub::GetWeeklyReport, get), HasViolation("name", _));
}

TEST_F(ReportServiceTest, ListsReportsOfAWeekOrOfAStudent) {
  Enroll("s1");
  Enroll("s2");
  GenerateReports();
  v1::ListWeeklyReportsRequest list;
  list.set_parent("weeklyReportRuns/2026-W47");
  list.set_page_size(1);
  ASSERT_OK_AND_ASSIGN(auto page, Call(&Stub::ListWeeklyReports, list));
  EXPECT_EQ(page.reports(0).student(), "recipients/s1");
  EXPECT_FALSE(page.reports(0).has_activity());
  EXPECT_THAT(page.reports(0).mail_request_id(), IsEmpty());
  list.set_page_token(page.next_page_token());
  ASSERT_OK_AND_ASSIGN(page, Call(&Stub::ListWeeklyReports, list));
  EXPECT_EQ(page.reports(0).student(), "recipients/s2");
  EXPECT_THAT(page.next_page_token(), IsEmpty());

  list.Clear();
  list.set_parent("weeklyReportRuns/-");
  EXPECT_THAT(Call(&Stub::ListWeeklyReports, list), HasViolation("student", _));
  list.set_student("recipients/s2");
  ASSERT_OK_AND_ASSIGN(page, Call(&Stub::ListWeeklyReports, list));
  EXPECT_THAT(page.reports(), SizeIs(1));
  list.set_parent("weeklyReportRuns/2026-W01");
  EXPECT_THAT(Call(&Stub::ListWeeklyReports, list), StatusIs(absl::StatusCode::kNotFound));
}

TEST_F(ReportServiceTest, PreviewsTheMailAndWhetherItWouldBeSent) {
  Enroll("s1");
  v1::PreviewWeeklyEmailRequest request;
  request.set_student("recipients/s1");
  ASSERT_OK_AND_ASSIGN(auto preview, Call(&Stub::PreviewWeeklyEmail, request));
  EXPECT_EQ(preview.subject(), "Your week");
  EXPECT_FALSE(preview.would_send());
  EXPECT_THAT(preview.warnings(), ElementsAre("close to a limit", HasSubstr("no activity")));

  Watch("s1");
  ASSERT_OK_AND_ASSIGN(preview, Call(&Stub::PreviewWeeklyEmail, request));
  EXPECT_TRUE(preview.would_send());
  const google::protobuf::Struct context = previewer_.context();
  const auto& week = context.fields().at("report").struct_value().fields();
  EXPECT_EQ(week.at("minutes_watched").number_value(), 10);
  EXPECT_EQ(previewer_.student(), "s1");

  request.set_student("s1");
  request.set_week("last");
  const auto invalid = Call(&Stub::PreviewWeeklyEmail, request);
  EXPECT_THAT(invalid, HasViolation("student", _));
  EXPECT_THAT(invalid, HasViolation("week", _));
}

TEST_F(ReportServiceTest, AWeekIsOverInTheSchoolsZone) {
  school_.school.time_zone = "America/Los_Angeles";
  clock_.Set(absl::FromCivil(absl::CivilHour(2026, 11, 23, 7), absl::UTCTimeZone()));
  const absl::Status early = Generate("2026-W47").status();
  EXPECT_THAT(early, StatusIs(absl::StatusCode::kFailedPrecondition,
                              HasSubstr("2026-11-23T00:00:00-08:00")));
  EXPECT_EQ(ReasonOf(early).reason, "WEEK_NOT_OVER");
  EXPECT_EQ(ReasonOf(early).metadata["end_time"], "2026-11-23T08:00:00+00:00");
  EXPECT_EQ(Generate()->name(), "weeklyReportRuns/2026-W46");
  clock_.Advance(absl::Hours(1));
  ASSERT_OK_AND_ASSIGN(const auto run, Generate("2026-W47"));
  EXPECT_EQ(run.time_zone(), "America/Los_Angeles");
}

TEST_F(ReportServiceTest, LocalTimeLiesInTheDaysAfterTheWeek) {
  v1::GenerateWeeklyReportsRequest request;
  for (const char* wrong : {"2026-11-23 09:00", "2026-11-22T09:00", "2026-11-30T00:00"}) {
    request.set_local_time(wrong);
    EXPECT_THAT(Call(&Stub::GenerateWeeklyReports, request), HasViolation("local_time", _));
  }
  request.set_local_time("2026-11-23T09:00");
  ASSERT_OK_AND_ASSIGN(const auto run, Call(&Stub::GenerateWeeklyReports, request));
  EXPECT_EQ(run.local_time(), "2026-11-23T09:00");
}

TEST_F(ReportServiceTest, GeneratesReportsOfStudentsAgainOnceTheRunHasEnded) {
  Enroll("s1");
  GenerateReports();
  v1::GenerateWeeklyReportsRequest request;
  request.add_students("recipients/s1");
  EXPECT_THAT(Call(&Stub::GenerateWeeklyReports, request),
              StatusIs(absl::StatusCode::kFailedPrecondition, HasSubstr("students")));
  v1::CancelWeeklyReportRunRequest cancel;
  cancel.set_name("weeklyReportRuns/2026-W47");
  ASSERT_OK(Call(&Stub::CancelWeeklyReportRun, cancel).status());
  Watch("s1");
  ASSERT_OK_AND_ASSIGN(const auto run, Call(&Stub::GenerateWeeklyReports, request));
  EXPECT_EQ(run.state(), v1::WeeklyReportRun::STATE_PENDING);
  v1::GetWeeklyReportRequest get;
  get.set_name("weeklyReportRuns/2026-W47/reports/s1");
  EXPECT_TRUE(Call(&Stub::GetWeeklyReport, get)->has_activity());
  request.add_students("s2");
  request.set_local_time("2026-11-23T09:00");
  const auto invalid = Call(&Stub::GenerateWeeklyReports, request);
  EXPECT_THAT(invalid, HasViolation("students[1]", _));
  EXPECT_THAT(invalid, HasViolation("local_time", _));
}

}  // namespace
}  // namespace lmsmail::report
