#include "services/gateway/web/webhook_handlers.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "libs/http_server/router.h"
#include "libs/http_server/server.h"
#include "libs/http_server/testing/raw_client.h"
#include "libs/rpc/executor.h"
#include "libs/testing/status_matchers.h"
#include "services/gateway/testing/fake_event_log.h"
#include "services/gateway/testing/webhook_signing.h"
#include "services/gateway/web/routes.h"

namespace lmsmail::gateway {
namespace {

using http_server::testing::PostRequest;
using http_server::testing::RawClient;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr char kTime[] = "1600112502";
constexpr char kOpened[] =
    R"({"event":"open","lms_message_id":"<m@school.example>","sg_event_id":"e"})";
constexpr char kMailgunKey[] = "mailgun key";
constexpr char kMailgunOpened[] =
    R"({"event":"opened","user-variables":{"lms_message_id":"<m@school.example>"}})";

// A provider that posts to the routes over a real connection.
class WebhookHandlersTest : public ::testing::Test {
 protected:
  WebhookHandlersTest() {
    AddWebhookRoutes(handlers_, executor_, router_);
    http_server::Options options;
    options.admit = router_.admit();
    server_ = http_server::Server::Start(std::move(options), router_.handler()).value();
  }

  int Post(std::string_view path, std::string_view body,
           std::vector<std::pair<std::string, std::string>> headers) {
    RawClient client(server_->port());
    std::string request =
        fmt::format("POST {} HTTP/1.1\r\nHost: x\r\nContent-Length: {}\r\n", path, body.size());
    for (const auto& [name, value] : headers) request += fmt::format("{}: {}\r\n", name, value);
    client.Send(request + "\r\n" + std::string(body));
    return client.Receive().status;
  }
  int Sendgrid(std::string_view body) { return Sendgrid(body, signer_.Sign(kTime, body)); }
  int Sendgrid(std::string_view body, std::string signature) {
    return Post("/webhooks/sendgrid/main", body,
                {{"X-Twilio-Email-Event-Webhook-Signature", std::move(signature)},
                 {"X-Twilio-Email-Event-Webhook-Timestamp", kTime}});
  }
  int Mailgun(std::string_view token, std::string_view event = kMailgunOpened,
              std::string_view key = kMailgunKey) {
    return Post("/webhooks/mailgun/main",
                MailgunBody(key, absl::ToUnixSeconds(clock_.Now()), token, event), {});
  }

  FakeClock clock_{absl::FromUnixSeconds(1'800'000'000)};
  telemetry::Metrics metrics_{{.service = "gateway", .version = "test"}};
  FakeEventLog log_;
  SendgridSigner signer_;
  const SendgridKeys keys_ = SendgridKeys::Parse({signer_.PublicKey()}).value();
  MailgunSignatures mailgun_{kMailgunKey, clock_};
  WebhookHandlers handlers_{&keys_, &mailgun_, log_, metrics_};
  rpc::Executor executor_{{.threads = 1, .queue = 4}};
  http_server::Router router_;
  std::unique_ptr<http_server::Server> server_;
};

TEST_F(WebhookHandlersTest, RecordsEventsAboutOurMail) {
  EXPECT_EQ(Sendgrid(fmt::format(
                R"([{},{{"event":"open"}},{{"event":"processed","lms_message_id":"<m@x>"}},7])",
                kOpened)),
            200);
  ASSERT_THAT(log_.events, SizeIs(1));
  EXPECT_EQ(log_.events[0].message_id, "<m@school.example>");
  EXPECT_EQ(Mailgun("t"), 200);
  ASSERT_THAT(log_.events, SizeIs(2));
  EXPECT_EQ(log_.events[1].event_id, "t");
  const std::string text = metrics_.Serialize();
  EXPECT_THAT(
      text,
      HasSubstr(
          R"(lmsmail_webhook_events_total{provider="sendgrid",result="recorded",type="opened"} 1)"));
  EXPECT_THAT(
      text,
      HasSubstr(
          R"(lmsmail_webhook_events_total{provider="sendgrid",result="ignored",type="queued"} 1)"));
  EXPECT_THAT(
      text,
      HasSubstr(
          R"(lmsmail_webhook_events_total{provider="sendgrid",result="malformed",type=""} 1)"));
}

TEST_F(WebhookHandlersTest, StoresNothingOfARequestWithoutAValidSignature) {
  const std::string body = fmt::format("[{}]", kOpened);
  EXPECT_EQ(Sendgrid(body, SendgridSigner().Sign(kTime, body)), 403);
  EXPECT_EQ(Sendgrid(body + " ", signer_.Sign(kTime, body)), 403);
  EXPECT_EQ(Sendgrid(body, ""), 403);
  EXPECT_EQ(Post("/webhooks/sendgrid/main", body, {}), 403);
  EXPECT_EQ(Mailgun("t", kMailgunOpened, "another key"), 406);
  EXPECT_EQ(Post("/webhooks/mailgun/main", kMailgunOpened, {}), 406);
  EXPECT_EQ(Post("/webhooks/mailgun/main", "", {}), 406);
  EXPECT_EQ(Post("/webhooks/mailgun/main", "{\"signature\":", {}), 406);
  EXPECT_THAT(log_.events, IsEmpty());
  EXPECT_THAT(metrics_.Serialize(),
              HasSubstr(R"(lmsmail_webhook_requests_total{provider="mailgun",result="forged"} 1)"));
}

TEST_F(WebhookHandlersTest, ATokenReportsOneEvent) {
  EXPECT_EQ(Mailgun("t"), 200);
  EXPECT_EQ(Mailgun("t"), 200) << "Mailgun did not see our answer";
  EXPECT_EQ(Mailgun("t", R"({"event":"complained","user-variables":{"lms_message_id":"<m@x>"}})"),
            406);
  clock_.Advance(absl::Hours(10));
  EXPECT_EQ(Post("/webhooks/mailgun/main",
                 MailgunBody(kMailgunKey, 1'800'000'000, "u", kMailgunOpened), {}),
            406);
  EXPECT_THAT(log_.events, SizeIs(2));
}

TEST_F(WebhookHandlersTest, AsksToRetryDuringAnOutage) {
  log_.status = absl::UnavailableError("down");
  EXPECT_EQ(Sendgrid(fmt::format("[{}]", kOpened)), 503);
  EXPECT_EQ(Mailgun("t"), 503);
  log_.status = absl::OkStatus();
  EXPECT_EQ(Mailgun("t"), 200) << "the token is that of the same event";
  log_.status = absl::InternalError("a bug");
  EXPECT_EQ(Sendgrid(fmt::format("[{}]", kOpened)), 500);
}

TEST_F(WebhookHandlersTest, RefusesWhatIsSignedAndNoEvents) {
  EXPECT_EQ(Sendgrid(""), 400);
  EXPECT_EQ(Sendgrid("{}"), 400);
  EXPECT_EQ(Sendgrid("[]"), 200);
  EXPECT_EQ(Mailgun("t", "7"), 200) << "nobody could read it at the next try either";
}

TEST_F(WebhookHandlersTest, LimitsTheBody) {
  const std::string large(10 << 20, '[');
  EXPECT_EQ(Sendgrid(large.substr(0, 3 << 20), "x"), 413);
  EXPECT_EQ(Sendgrid(large.substr(0, 1 << 20)), 400);
  EXPECT_EQ(Post("/webhooks/mailgun/main", large.substr(0, 1 << 20), {}), 406);
}

TEST_F(WebhookHandlersTest, AnswersAProbe) {
  RawClient client(server_->port());
  client.Send("HEAD /webhooks/sendgrid/main HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_EQ(client.Receive(true).status, 200);
  EXPECT_EQ(client.Exchange("GET /webhooks/mailgun/main HTTP/1.1\r\nHost: x\r\n\r\n").status, 405);
}

TEST_F(WebhookHandlersTest, ThereIsNoWebhookWithoutAKey) {
  telemetry::Metrics metrics({.service = "gateway", .version = "test"});
  WebhookHandlers none(nullptr, nullptr, log_, metrics);
  http_server::Router router;
  AddWebhookRoutes(none, executor_, router);
  http_server::Options options;
  options.admit = router.admit();
  const auto server = http_server::Server::Start(std::move(options), router.handler()).value();
  for (const char* path : {"/webhooks/sendgrid/main", "/webhooks/mailgun/main"}) {
    RawClient client(server->port());
    EXPECT_EQ(client.Exchange(PostRequest(path, {}, "[]")).status, 404) << path;
  }
}

}  // namespace
}  // namespace lmsmail::gateway
