#include "services/gateway/web/bounce_handler.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "absl/strings/str_replace.h"

#include "libs/http_server/router.h"
#include "libs/http_server/server.h"
#include "libs/http_server/testing/raw_client.h"
#include "libs/rpc/executor.h"
#include "services/gateway/testing/fake_event_log.h"
#include "services/gateway/testing/sample_reports.h"
#include "services/gateway/web/bounce_routes.h"

namespace lmsmail::gateway {
namespace {

using http_server::testing::RawClient;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

// A mail server that posts to the route over a real connection.
class BounceHandlerTest : public ::testing::Test {
 protected:
  BounceHandlerTest() {
    AddBounceRoutes(handler_, executor_, router_);
    http_server::Options options;
    options.admit = router_.admit();
    server_ = http_server::Server::Start(std::move(options), router_.handler()).value();
  }
  int Post(std::string_view target, std::string_view body) {
    RawClient client(server_->port());
    client.Send(
        fmt::format("POST {} HTTP/1.1\r\nHost: x\r\nContent-Type: message/rfc822\r\n"
                    "Content-Length: {}\r\n\r\n{}",
                    target, body.size(), body));
    return client.Receive().status;
  }

  FakeClock clock_{absl::FromUnixSeconds(1'800'000'000)};
  telemetry::Metrics metrics_{{.service = "gateway", .version = "test"}};
  FakeEventLog log_;
  const return_path::ReturnPaths paths_{
      token::KeyRing::Parse("k1:" + std::string(64, 'a')).value()};
  const std::string target_ =
      "/bounces?recipient=" +
      paths_.LocalPart(4711, address::ParseEmailAddress("ada@students.example").value()) +
      "%40bounces.school.example";
  ReportIntake intake_{paths_, clock_, log_};
  BounceHandler handler_{intake_, metrics_};
  rpc::Executor executor_{{.threads = 1, .queue = 4}};
  http_server::Router router_;
  std::unique_ptr<http_server::Server> server_;
};

TEST_F(BounceHandlerTest, RecordsAReport) {
  EXPECT_EQ(Post(target_, SampleReport("postfix_failed")), 200);
  ASSERT_THAT(log_.events, SizeIs(1));
  EXPECT_EQ(log_.events[0].type, EventType::kBounced);
  EXPECT_THAT(metrics_.Serialize(),
              HasSubstr(R"(lmsmail_bounce_reports_total{kind="delivery",result="recorded"} 1)"));
}

TEST_F(BounceHandlerTest, StopsRepetitionsOfWhatIsOfNoUse) {
  std::string forged = target_;
  forged[target_.find("k1.") + 5] ^= 1;
  EXPECT_EQ(Post(forged, SampleReport("postfix_failed")), 200);
  EXPECT_EQ(Post(target_, SampleReport("vacation")), 200);
  EXPECT_EQ(Post(target_, ""), 200);
  EXPECT_EQ(Post(target_, std::string(1 << 20, '\0')), 200);
  EXPECT_EQ(Post("/bounces?recipient=postmaster", "Subject: Hi\r\n\r\n"), 200);
  EXPECT_THAT(log_.events, IsEmpty());
  EXPECT_THAT(metrics_.Serialize(), HasSubstr(R"(result="forged"} 1)"));
}

TEST_F(BounceHandlerTest, RefusesWhatNoMailServerSends) {
  EXPECT_EQ(Post("/bounces", "x"), 400);
  EXPECT_EQ(Post("/bounces?recipient=", "x"), 400);
  EXPECT_EQ(Post("/bounces?recipient=%zz", "x"), 400);
  EXPECT_EQ(Post(target_, std::string((1 << 20) + 1, 'x')), 413);
  RawClient client(server_->port());
  EXPECT_EQ(client.Exchange("GET /bounces HTTP/1.1\r\nHost: x\r\n\r\n").status, 405);
}

TEST_F(BounceHandlerTest, AsksToRetryDuringAnOutage) {
  log_.status = absl::UnavailableError("down");
  EXPECT_EQ(Post(target_, SampleReport("postfix_failed")), 503);
  log_.status = absl::InternalError("a bug");
  EXPECT_EQ(Post(target_, SampleReport("postfix_failed")), 500);
  log_.status = absl::OkStatus();
  EXPECT_EQ(Post(target_, SampleReport("postfix_failed")), 200);
}

}  // namespace
}  // namespace lmsmail::gateway
