#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"

#include "libs/rpc/testing/in_process_server.h"
#include "libs/testing/status_matchers.h"
#include "services/scheduler/clients/dispatch_client.h"
#include "services/scheduler/clients/preference_client.h"
#include "services/scheduler/clients/report_client.h"

namespace lmsmail::scheduler {
namespace {

using ::testing::ElementsAre;

// Answers calls with one response and keeps the last request.
template <typename Request, typename Response>
class Exchange {
 public:
  void Answer(Response response) {
    absl::MutexLock lock(&mutex_);
    response_ = std::move(response);
  }
  Request request() const {
    absl::MutexLock lock(&mutex_);
    return request_;
  }

  grpc::ServerUnaryReactor* Run(grpc::CallbackServerContext* context, const Request& received,
                                Response& sent) {
    {
      absl::MutexLock lock(&mutex_);
      request_ = received;
      sent = response_;
    }
    grpc::ServerUnaryReactor* const reactor = context->DefaultReactor();
    reactor->Finish(grpc::Status::OK);
    return reactor;
  }

 private:
  mutable absl::Mutex mutex_;
  Request request_ ABSL_GUARDED_BY(mutex_);
  Response response_ ABSL_GUARDED_BY(mutex_);
};

struct DispatchPeer final : dispatch::v1::DispatchService::CallbackService {
  Exchange<dispatch::v1::SendRequest, dispatch::v1::Message> send;
  Exchange<dispatch::v1::SendBatchRequest, dispatch::v1::SendBatchResponse> batch;
  Exchange<dispatch::v1::PurgeLogsRequest, dispatch::v1::PurgeLogsResponse> purge;

  grpc::ServerUnaryReactor* Send(grpc::CallbackServerContext* context,
                                 const dispatch::v1::SendRequest* request,
                                 dispatch::v1::Message* response) override {
    return send.Run(context, *request, *response);
  }
  grpc::ServerUnaryReactor* SendBatch(grpc::CallbackServerContext* context,
                                      const dispatch::v1::SendBatchRequest* request,
                                      dispatch::v1::SendBatchResponse* response) override {
    return batch.Run(context, *request, *response);
  }
  grpc::ServerUnaryReactor* PurgeLogs(grpc::CallbackServerContext* context,
                                      const dispatch::v1::PurgeLogsRequest* request,
                                      dispatch::v1::PurgeLogsResponse* response) override {
    return purge.Run(context, *request, *response);
  }
};

struct ReportPeer final : report::v1::ReportService::CallbackService {
  Exchange<report::v1::RecordActivityRequest, report::v1::RecordActivityResponse> record;
  Exchange<report::v1::MergeCoursesRequest, report::v1::MergeCoursesResponse> merge;
  Exchange<report::v1::GetEnrollmentRequest, report::v1::Enrollment> enrollment;
  Exchange<report::v1::GetCourseRequest, report::v1::Course> course;
  Exchange<report::v1::ListEnrolledStudentsRequest, report::v1::ListEnrolledStudentsResponse> list;
  Exchange<report::v1::GenerateWeeklyReportsRequest, report::v1::WeeklyReportRun> generate;

  grpc::ServerUnaryReactor* RecordActivity(grpc::CallbackServerContext* context,
                                           const report::v1::RecordActivityRequest* request,
                                           report::v1::RecordActivityResponse* response) override {
    return record.Run(context, *request, *response);
  }
  grpc::ServerUnaryReactor* MergeCourses(grpc::CallbackServerContext* context,
                                         const report::v1::MergeCoursesRequest* request,
                                         report::v1::MergeCoursesResponse* response) override {
    return merge.Run(context, *request, *response);
  }
  grpc::ServerUnaryReactor* GetEnrollment(grpc::CallbackServerContext* context,
                                          const report::v1::GetEnrollmentRequest* request,
                                          report::v1::Enrollment* response) override {
    return enrollment.Run(context, *request, *response);
  }
  grpc::ServerUnaryReactor* GetCourse(grpc::CallbackServerContext* context,
                                      const report::v1::GetCourseRequest* request,
                                      report::v1::Course* response) override {
    return course.Run(context, *request, *response);
  }
  grpc::ServerUnaryReactor* ListEnrolledStudents(
      grpc::CallbackServerContext* context, const report::v1::ListEnrolledStudentsRequest* request,
      report::v1::ListEnrolledStudentsResponse* response) override {
    return list.Run(context, *request, *response);
  }
  grpc::ServerUnaryReactor* GenerateWeeklyReports(
      grpc::CallbackServerContext* context, const report::v1::GenerateWeeklyReportsRequest* request,
      report::v1::WeeklyReportRun* response) override {
    return generate.Run(context, *request, *response);
  }
};

struct PreferencePeer final : preference::v1::PreferenceService::CallbackService {
  Exchange<preference::v1::CheckRecipientsRequest, preference::v1::CheckRecipientsResponse> check;

  grpc::ServerUnaryReactor* CheckRecipients(
      grpc::CallbackServerContext* context, const preference::v1::CheckRecipientsRequest* request,
      preference::v1::CheckRecipientsResponse* response) override {
    return check.Run(context, *request, *response);
  }
};

class ClientsTest : public ::testing::Test {
 protected:
  DispatchPeer dispatch_peer_;
  ReportPeer report_peer_;
  PreferencePeer preference_peer_;
  rpc::InProcessServer server_{rpc::Host<dispatch::v1::DispatchService>(dispatch_peer_),
                               rpc::Host<preference::v1::PreferenceService>(preference_peer_),
                               rpc::Host<report::v1::ReportService>(report_peer_)};
  DispatchClient dispatch_{server_.channel(), absl::Seconds(10)};
  PreferenceClient preference_{server_.channel(), absl::Seconds(10)};
  ReportClient report_{server_.channel(), absl::Seconds(10)};
  MailContent content_{.template_name = "templates/enrollment",
                       .lane = lmsmail::type::v1::LANE_BULK,
                       .context = {},
                       .course_id = "cpp-101"};
};

TEST_F(ClientsTest, SendsOneMail) {
  (*content_.context.mutable_fields())["key"].set_string_value("value");
  ASSERT_OK(dispatch_.Send("r-1", "recipients/ada", content_));
  const dispatch::v1::SendRequest request = dispatch_peer_.send.request();
  EXPECT_EQ(request.request_id(), "r-1");
  EXPECT_EQ(request.target().recipient(), "recipients/ada");
  EXPECT_EQ(request.template_(), "templates/enrollment");
  EXPECT_EQ(request.lane(), lmsmail::type::v1::LANE_BULK);
  EXPECT_EQ(request.labels().at("course"), "cpp-101");
  EXPECT_EQ(request.context().fields().at("key").string_value(), "value");
}

TEST_F(ClientsTest, SendsABatchAndCountsItsResults) {
  content_.course_id.clear();
  dispatch::v1::SendBatchResponse response;
  response.add_results()->set_duplicate(true);
  for (const char* message : {"first", "second"}) {
    google::rpc::Status& status = *response.add_results()->mutable_status();
    status.set_code(static_cast<int>(absl::StatusCode::kInvalidArgument));
    status.set_message(message);
  }
  dispatch_peer_.batch.Answer(response);
  ASSERT_OK_AND_ASSIGN(
      const BatchResult result,
      dispatch_.SendBatch("r-1", content_, {{"recipients/ada", "k-1"}, {"recipients/bob", "k-2"}}));
  EXPECT_EQ(result.accepted, 1);
  EXPECT_EQ(result.rejected, 2);
  EXPECT_EQ(result.first_rejection, "first");
  const dispatch::v1::SendBatchRequest request = dispatch_peer_.batch.request();
  EXPECT_EQ(request.header().request_id(), "r-1");
  EXPECT_EQ(request.header().template_(), "templates/enrollment");
  EXPECT_TRUE(request.header().labels().empty());
  ASSERT_EQ(request.items_size(), 2);
  EXPECT_EQ(request.items(1).target().recipient(), "recipients/bob");
  EXPECT_EQ(request.items(1).dedupe_key(), "k-2");
}

TEST_F(ClientsTest, PurgesLogs) {
  dispatch::v1::PurgeLogsResponse response;
  response.set_dropped_day_count(3);
  dispatch_peer_.purge.Answer(response);
  ASSERT_OK_AND_ASSIGN(const PurgeResult result, dispatch_.PurgeLogs(absl::Hours(24)));
  EXPECT_EQ(result.dropped_day_count, 3);
  EXPECT_EQ(dispatch_peer_.purge.request().max_age().seconds(), 86400);
}

TEST_F(ClientsTest, RecordsEveryKindOfFact) {
  const absl::Time time = absl::FromUnixSeconds(1000);
  const auto fact = [&](auto what) {
    return Fact{.id = "f",
                .student = "recipients/ada",
                .course_id = "c",
                .time = time,
                .arrival_time = time + absl::Seconds(1),
                .what = what};
  };
  ASSERT_OK(
      report_.RecordFacts({fact(Fact::Enrolled{absl::FromUnixSeconds(2000)}),
                           fact(Fact::Enrolled{absl::InfinitePast()}), fact(Fact::Unenrolled{}),
                           fact(Fact::LessonCompleted{"l", "Loops"}),
                           fact(Fact::Watched{absl::Minutes(1)}), fact(Fact::QuizPassed{"q"})}));
  const auto activities = report_peer_.record.request().activities();
  ASSERT_EQ(activities.size(), 6);
  EXPECT_EQ(activities[0].activity_id(), "f");
  EXPECT_EQ(activities[0].student(), "recipients/ada");
  EXPECT_EQ(activities[0].course(), "courses/c");
  EXPECT_EQ(activities[0].activity_time().seconds(), 1000);
  EXPECT_EQ(activities[0].arrival_time().seconds(), 1001);
  EXPECT_EQ(activities[0].enrolled().start_time().seconds(), 2000);
  EXPECT_TRUE(activities[1].has_enrolled());
  EXPECT_FALSE(activities[1].enrolled().has_start_time());
  EXPECT_TRUE(activities[2].has_unenrolled());
  EXPECT_EQ(activities[3].lesson_completed().lesson_title(), "Loops");
  EXPECT_EQ(activities[4].watched().duration().seconds(), 60);
  EXPECT_TRUE(activities[5].quiz_taken().passed());
}

TEST_F(ClientsTest, WritesAndReadsCourses) {
  const Course course{.id = "c",
                      .title = "C++",
                      .url = "https://lms.example/c",
                      .instructor_name = "Grace",
                      .lesson_count = 12,
                      .state = CourseState::kArchived};
  report::v1::MergeCoursesResponse merged;
  merged.add_results()->set_code(3);
  report_peer_.merge.Answer(merged);
  ASSERT_OK_AND_ASSIGN(
      const auto results,
      report_.MergeCourses({{course, absl::FromUnixSeconds(1), absl::FromUnixSeconds(2)}}));
  EXPECT_THAT(results, ElementsAre(StatusIs(absl::StatusCode::kInvalidArgument)));
  const report::v1::MergeCoursesRequest request = report_peer_.merge.request();
  ASSERT_EQ(request.facts_size(), 1);
  EXPECT_EQ(request.facts(0).course().name(), "courses/c");
  EXPECT_EQ(request.facts(0).fact_time().seconds(), 1);
  EXPECT_EQ(request.facts(0).arrival_time().seconds(), 2);
  report_peer_.course.Answer(request.facts(0).course());
  ASSERT_OK_AND_ASSIGN(const Course found, report_.GetCourse("c"));
  EXPECT_EQ(found, course);
  EXPECT_EQ(report_peer_.course.request().name(), "courses/c");
}

TEST_F(ClientsTest, ReadsWhatIsKnownOfAStudentInACourse) {
  report::v1::Enrollment known;
  known.set_enrolled(true);
  known.mutable_unenroll_time()->set_seconds(1);
  known.mutable_unenroll_arrival_time()->set_seconds(2);
  report_peer_.enrollment.Answer(known);
  ASSERT_OK_AND_ASSIGN(const Participation found, report_.GetParticipation("recipients/ada", "c"));
  EXPECT_TRUE(found.enrolled);
  EXPECT_EQ(found.unenroll_time, absl::FromUnixSeconds(1));
  EXPECT_EQ(found.unenroll_arrival_time, absl::FromUnixSeconds(2));
  EXPECT_EQ(found.last_lesson_time, absl::InfinitePast());
  EXPECT_EQ(report_peer_.enrollment.request().course(), "courses/c");
}

TEST_F(ClientsTest, FindsKnownStudents) {
  preference::v1::CheckRecipientsResponse verdicts;
  verdicts.add_verdicts()->set_reason(preference::v1::Verdict::REASON_UNKNOWN_RECIPIENT);
  verdicts.add_verdicts()->set_reason(preference::v1::Verdict::REASON_BOUNCED);
  preference_peer_.check.Answer(verdicts);
  EXPECT_THAT(preference_.FindKnown({"recipients/ada", "recipients/bob"}),
              IsOkAndHolds(ElementsAre("recipients/bob")));
}

TEST_F(ClientsTest, ListsEnrolledStudents) {
  report::v1::ListEnrolledStudentsResponse response;
  response.add_enrollments()->set_student("recipients/ada");
  response.set_next_page_token("next");
  report_peer_.list.Answer(response);
  ASSERT_OK_AND_ASSIGN(const StudentPage page, report_.ListEnrolledStudents("c", 10, "token"));
  EXPECT_THAT(page.students, ElementsAre("recipients/ada"));
  EXPECT_EQ(page.next_page_token, "next");
  EXPECT_EQ(report_peer_.list.request().course(), "courses/c");
  EXPECT_EQ(report_peer_.list.request().page_size(), 10);
  EXPECT_EQ(report_peer_.list.request().page_token(), "token");
}

TEST_F(ClientsTest, GeneratesWeeklyReports) {
  report::v1::WeeklyReportRun response;
  response.set_name("weeklyReportRuns/2026-W47");
  report_peer_.generate.Answer(response);
  EXPECT_THAT(report_.Generate({.week = "2026-W47", .local_time = "2026-11-23T09:00"}),
              IsOkAndHolds("weeklyReportRuns/2026-W47"));
  EXPECT_EQ(report_peer_.generate.request().local_time(), "2026-11-23T09:00");
  EXPECT_EQ(report_peer_.generate.request().week(), "2026-W47");
}

}  // namespace
}  // namespace lmsmail::scheduler
