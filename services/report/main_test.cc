#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <csignal>
#include <memory>
#include <string>

#include "absl/time/clock.h"

#include "libs/postgres/testing/embedded_postgres.h"
#include "libs/rpc/channel.h"
#include "libs/rpc/client_call.h"
#include "libs/rpc/testing/in_process_server.h"
#include "libs/service/testing/service_process.h"
#include "libs/testing/status_matchers.h"
#include "lmsmail/dispatch/v1/dispatch_service.grpc.pb.h"
#include "lmsmail/preference/v1/preference_service.grpc.pb.h"
#include "lmsmail/report/v1/report_service.grpc.pb.h"

// Runs the binary with its own database and a fake dispatch that accepts all mail.
namespace lmsmail::report {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using Stub = v1::ReportService::StubInterface;

class AcceptingDispatch final : public dispatch::v1::DispatchService::CallbackService {
 public:
  grpc::ServerUnaryReactor* SendBatch(grpc::CallbackServerContext* context,
                                      const dispatch::v1::SendBatchRequest* request,
                                      dispatch::v1::SendBatchResponse* response) override {
    for (int i = 0; i < request->items_size(); ++i) response->add_results();
    grpc::ServerUnaryReactor* const reactor = context->DefaultReactor();
    reactor->Finish(grpc::Status::OK);
    return reactor;
  }
};

class School final : public preference::v1::PreferenceService::CallbackService {
 public:
  grpc::ServerUnaryReactor* GetSchool(grpc::CallbackServerContext* context,
                                      const preference::v1::GetSchoolRequest*,
                                      preference::v1::School* response) override {
    response->set_time_zone("Asia/Tokyo");
    grpc::ServerUnaryReactor* const reactor = context->DefaultReactor();
    reactor->Finish(grpc::Status::OK);
    return reactor;
  }
};

TEST(ReportMainTest, ExitsOnInvalidConfiguration) {
  service::ServiceProcess process(LMSMAIL_REPORT_BINARY,
                                  {"--postgres.dsn=dbname=x", "--school.time_zone=Berlin",
                                   "--dispatch.timeout=2m", "--dispatch.target="});
  EXPECT_EQ(process.WaitForExit(), 2);
  EXPECT_THAT(process.log(), AllOf(HasSubstr("school.time_zone"), HasSubstr("dispatch.timeout"),
                                   HasSubstr("dispatch.target")));
}

TEST(ReportMainTest, ProcessesARunAndSendsItsMail) {
  ASSERT_OK_AND_ASSIGN(const std::string dsn, postgres::EmbeddedPostgres::Shared().NewDatabase());
  AcceptingDispatch accepting;
  School school;
  const rpc::InProcessServer peer({rpc::Host<dispatch::v1::DispatchService>(accepting),
                                   rpc::Host<preference::v1::PreferenceService>(school)});
  service::ServiceProcess process(
      LMSMAIL_REPORT_BINARY,
      {"--postgres.dsn=" + dsn, "--postgres.probe_interval=20ms", "--listen=127.0.0.1:0",
       "--metrics_listen=127.0.0.1:0", "--dispatch.target=" + peer.target(),
       "--preference.target=" + peer.target()});
  const std::string target = "127.0.0.1:" + std::to_string(process.WaitForPort());
  ASSERT_NE(process.WaitForLine("\"serving\""), "") << process.log();
  ASSERT_OK_AND_ASSIGN(const auto channel, rpc::NewChannel({.target = target}));
  const auto stub = v1::ReportService::NewStub(channel);
  const rpc::CallOptions options = rpc::WithTimeout(absl::Seconds(30));

  v1::RecordActivityRequest record;
  for (const char* id : {"enroll", "watch"}) {
    v1::Activity& event = *record.add_activities();
    event.set_activity_id(id);
    event.set_student("recipients/s1");
    event.set_course("courses/cpp");
    event.mutable_activity_time()->set_seconds(
        absl::ToUnixSeconds(absl::Now() - absl::Hours(24 * 7)));
  }
  record.mutable_activities(0)->mutable_enrolled();
  record.mutable_activities(1)->mutable_watched()->mutable_duration()->set_seconds(60);
  ASSERT_OK(rpc::Call(*stub, &Stub::RecordActivity, record, options));

  ASSERT_OK_AND_ASSIGN(auto run, rpc::Call(*stub, &Stub::GenerateWeeklyReports,
                                           v1::GenerateWeeklyReportsRequest(), options));
  ASSERT_NE(process.WaitForLine("weekly report run ended"), "") << process.log();
  v1::GetWeeklyReportRunRequest get;
  get.set_name(run.name());
  ASSERT_OK_AND_ASSIGN(run, rpc::Call(*stub, &Stub::GetWeeklyReportRun, get, options));
  EXPECT_EQ(run.state(), v1::WeeklyReportRun::STATE_SUCCEEDED);
  EXPECT_EQ(run.processed_count(), 1);
  EXPECT_EQ(run.mail_count(), 1);
  EXPECT_EQ(run.time_zone(), "Asia/Tokyo");

  process.Signal(SIGTERM);
  EXPECT_EQ(process.WaitForExit(), 0);
}

}  // namespace
}  // namespace lmsmail::report
