// The services can be used with grpcurl and reflection, without the proto files.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdio>
#include <string>
#include <vector>

#include "libs/testing/temporary_folder.h"
#include "tests/integration/suite/lms_client.h"
#include "tests/integration/suite/suite_test.h"

namespace lmsmail::integration {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

struct Example {
  std::string_view service;
  std::string_view method;
  std::string_view request;
  std::string_view response;  // a part of it
};

constexpr Example kExamples[] = {
    {"template", "lmsmail.templates.v1.TemplateService/GetTemplate",
     R"({"name": "templates/weekly_progress"})", R"("category": "CATEGORY_PROGRESS")"},
    {"preference", "lmsmail.preference.v1.PreferenceService/Unsubscribe",
     R"({"name": "recipients/zoe", "category": "CATEGORY_CONTENT"})",
     R"("name": "recipients/zoe/preferences")"},
    {"dispatch", "lmsmail.dispatch.v1.DispatchService/GetQueueStats", "{}",
     R"("lane": "LANE_CRITICAL")"},
    {"report", "lmsmail.report.v1.ReportService/ListCourses", "{}", R"("name": "courses/drawing")"},
    {"scheduler", "lmsmail.scheduler.v1.SchedulerService/GetSchedule",
     R"({"name": "schedules/weekly-progress"})", R"("cron": "0 9 * * MON")"},
};

class GrpcurlTest : public SuiteTest {
 protected:
  static void SetUpTestSuite() {
    FindGrpcurl();
    if (grpcurl_.empty()) return;
    SuiteTest::SetUpTestSuite();
    ASSERT_OK(Register(suite(), {"zoe"}));
    ASSERT_OK(AddCourse(suite(), "drawing", "Drawing"));
  }
  void SetUp() override {
    if (grpcurl_.empty()) GTEST_SKIP() << reason_;
    SuiteTest::SetUp();
  }

  // Returns the output of grpcurl, or an error if it fails.
  absl::StatusOr<std::string> Grpcurl(std::string_view service, std::vector<std::string> arguments,
                                      std::string_view request = "") {
    std::vector<std::string> argv = {grpcurl_, "-plaintext", "-emit-defaults"};
    if (!request.empty()) argv.insert(argv.end(), {"-d", std::string(request)});
    argv.push_back(suite().Target(service));
    argv.insert(argv.end(), arguments.begin(), arguments.end());
    return RunToEnd(std::move(argv), folder_.path() / "log", absl::Seconds(20));
  }

 private:
  // Uses the environment of the user, unlike Process::Start().
  static void FindGrpcurl() {
    std::FILE* output = ::popen(LMSMAIL_FIND_GRPCURL " 2>&1", "r");
    ASSERT_NE(output, nullptr);
    std::string text;
    for (int c = std::fgetc(output); c != EOF; c = std::fgetc(output)) {
      if (c != '\n') text += static_cast<char>(c);
    }
    (::pclose(output) == 0 ? grpcurl_ : reason_) = text;
  }

  static inline std::string grpcurl_;  // empty if not found
  static inline std::string reason_;   // why it was not found
  TemporaryFolder folder_;
};

TEST_F(GrpcurlTest, ListsAndDescribesEveryService) {
  for (const Example& call : kExamples) {
    const std::string name(call.method.substr(0, call.method.find('/')));
    EXPECT_THAT(Grpcurl(call.service, {"list"}),
                IsOkAndHolds(AllOf(HasSubstr(name), HasSubstr("grpc.health.v1.Health"))));
    EXPECT_THAT(Grpcurl(call.service, {"describe", name}),
                IsOkAndHolds(HasSubstr(call.method.substr(call.method.find('/') + 1))));
  }
}

TEST_F(GrpcurlTest, CallsEveryService) {
  for (const Example& call : kExamples) {
    EXPECT_THAT(Grpcurl(call.service, {std::string(call.method)}, call.request),
                IsOkAndHolds(HasSubstr(call.response)))
        << call.method;
  }
}

TEST_F(GrpcurlTest, PrintsInvalidFields) {
  const auto result = Grpcurl("dispatch", {"lmsmail.dispatch.v1.DispatchService/Send"}, "{}");
  ASSERT_FALSE(result.ok());
  EXPECT_THAT(std::string(result.status().message()),
              AllOf(HasSubstr("InvalidArgument"), HasSubstr("request_id"), HasSubstr("target")));
}

}  // namespace
}  // namespace lmsmail::integration
