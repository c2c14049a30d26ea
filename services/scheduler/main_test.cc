#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <csignal>
#include <memory>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
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
#include "lmsmail/scheduler/v1/scheduler_service.grpc.pb.h"
#include "services/scheduler/testing/samples.h"

// Runs the binary with its own database, and with peers that accept everything.
namespace lmsmail::scheduler {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using Stub = v1::SchedulerService::StubInterface;

constexpr absl::Duration kTimeout = absl::Seconds(30);

grpc::ServerUnaryReactor* Finish(grpc::CallbackServerContext* context) {
  grpc::ServerUnaryReactor* const reactor = context->DefaultReactor();
  reactor->Finish(grpc::Status::OK);
  return reactor;
}

class AcceptingDispatch final : public dispatch::v1::DispatchService::CallbackService {
 public:
  grpc::ServerUnaryReactor* Send(grpc::CallbackServerContext* context,
                                 const dispatch::v1::SendRequest* request,
                                 dispatch::v1::Message*) override {
    Record(request->request_id());
    return Finish(context);
  }
  grpc::ServerUnaryReactor* CancelMessage(grpc::CallbackServerContext* context,
                                          const dispatch::v1::CancelMessageRequest* request,
                                          dispatch::v1::Message*) override {
    Record("cancel " + request->request_id());
    return Finish(context);
  }
  grpc::ServerUnaryReactor* Sweep(grpc::CallbackServerContext* context,
                                  const dispatch::v1::SweepRequest*,
                                  dispatch::v1::SweepResponse*) override {
    Record("sweep");
    return Finish(context);
  }

  // False on timeout.
  bool WaitFor(const std::string& call) {
    absl::MutexLock lock(&mutex_);
    const auto received = [&]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
      return std::find(calls_.begin(), calls_.end(), call) != calls_.end();
    };
    return mutex_.AwaitWithTimeout(absl::Condition(&received), kTimeout);
  }

 private:
  void Record(std::string call) {
    absl::MutexLock lock(&mutex_);
    calls_.push_back(std::move(call));
  }

  absl::Mutex mutex_;
  std::vector<std::string> calls_ ABSL_GUARDED_BY(mutex_);
};

class AcceptingReport final : public report::v1::ReportService::CallbackService {
 public:
  grpc::ServerUnaryReactor* GetCourse(grpc::CallbackServerContext* context,
                                      const report::v1::GetCourseRequest*,
                                      report::v1::Course*) override {
    return Finish(context);
  }
  grpc::ServerUnaryReactor* MergeCourses(grpc::CallbackServerContext* context,
                                         const report::v1::MergeCoursesRequest*,
                                         report::v1::MergeCoursesResponse*) override {
    return Finish(context);
  }
  grpc::ServerUnaryReactor* GetEnrollment(grpc::CallbackServerContext* context,
                                          const report::v1::GetEnrollmentRequest*,
                                          report::v1::Enrollment*) override {
    return Finish(context);
  }
  grpc::ServerUnaryReactor* RecordActivity(grpc::CallbackServerContext* context,
                                           const report::v1::RecordActivityRequest*,
                                           report::v1::RecordActivityResponse*) override {
    return Finish(context);
  }
};

// Knows every student.
class AcceptingPreference final : public preference::v1::PreferenceService::CallbackService {
 public:
  grpc::ServerUnaryReactor* CheckRecipients(
      grpc::CallbackServerContext* context, const preference::v1::CheckRecipientsRequest* request,
      preference::v1::CheckRecipientsResponse* response) override {
    for (int i = 0; i < request->checks_size(); ++i) response->add_verdicts();
    return Finish(context);
  }
  grpc::ServerUnaryReactor* GetSchool(grpc::CallbackServerContext* context,
                                      const preference::v1::GetSchoolRequest*,
                                      preference::v1::School* response) override {
    response->set_time_zone("Asia/Tokyo");
    return Finish(context);
  }
};

TEST(SchedulerMainTest, ExitsOnInvalidConfiguration) {
  service::ServiceProcess process(
      LMSMAIL_SCHEDULER_BINARY,
      {"--postgres.dsn=dbname=x", "--school.time_zone=Berlin", "--dispatch.target="});
  EXPECT_EQ(process.WaitForExit(), 2);
  EXPECT_THAT(process.log(), AllOf(HasSubstr("school.time_zone"), HasSubstr("dispatch.target")));
}

TEST(SchedulerMainTest, EventsAndSchedulesReachTheOtherServices) {
  ASSERT_OK_AND_ASSIGN(const std::string dsn, postgres::EmbeddedPostgres::Shared().NewDatabase());
  AcceptingDispatch dispatch;
  AcceptingPreference preference;
  AcceptingReport report;
  const rpc::InProcessServer peers({rpc::Host<dispatch::v1::DispatchService>(dispatch),
                                    rpc::Host<preference::v1::PreferenceService>(preference),
                                    rpc::Host<report::v1::ReportService>(report)});
  service::ServiceProcess process(
      LMSMAIL_SCHEDULER_BINARY,
      {"--postgres.dsn=" + dsn, "--postgres.probe_interval=20ms", "--listen=127.0.0.1:0",
       "--metrics_listen=127.0.0.1:0", "--worker.poll_interval=20ms",
       "--dispatch.target=" + peers.target(), "--preference.target=" + peers.target(),
       "--report.target=" + peers.target()});
  const std::string target = "127.0.0.1:" + std::to_string(process.WaitForPort());
  ASSERT_NE(process.WaitForLine("\"serving\""), "") << process.log();
  ASSERT_OK_AND_ASSIGN(const auto channel, rpc::NewChannel({.target = target}));
  const auto stub = v1::SchedulerService::NewStub(channel);
  const rpc::CallOptions options = rpc::WithTimeout(kTimeout);

  v1::PublishEventsRequest publish;
  *publish.add_events() = Enrolled("e-1");
  *publish.add_events() = Paid("e-2", "pay-1");
  ASSERT_OK(rpc::Call(*stub, &Stub::PublishEvents, publish, options));
  EXPECT_TRUE(dispatch.WaitFor("enrollment/cpp-101/ada/e-1@anonymous"));
  EXPECT_TRUE(dispatch.WaitFor("payment_confirmation/pay-1/ada"));

  publish.clear_events();
  *publish.add_events() = Unenrolled("e-3");
  ASSERT_OK(rpc::Call(*stub, &Stub::PublishEvents, publish, options));
  EXPECT_TRUE(dispatch.WaitFor("cancel enrollment/cpp-101/ada/e-1@anonymous"));

  v1::RunScheduleRequest run;
  run.set_name("schedules/queue-sweep");
  run.set_request_id("manual");
  ASSERT_OK(rpc::Call(*stub, &Stub::RunSchedule, run, options));
  EXPECT_TRUE(dispatch.WaitFor("sweep"));

  v1::CreateScheduleRequest create;
  create.set_schedule_id("nightly");
  create.set_request_id("create");
  create.mutable_schedule()->set_cron("0 2 * * *");
  create.mutable_schedule()->mutable_action()->mutable_sweep_queue();
  ASSERT_OK_AND_ASSIGN(const v1::Schedule nightly,
                       rpc::Call(*stub, &Stub::CreateSchedule, create, options));
  EXPECT_EQ(nightly.next_run_time().seconds() % 86400, 17 * 3600) << "02:00 in Tokyo";

  process.Signal(SIGTERM);
  EXPECT_EQ(process.WaitForExit(), 0) << process.log();
}

}  // namespace
}  // namespace lmsmail::scheduler
