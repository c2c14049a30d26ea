#include "services/gateway/web/tracking_handlers.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "libs/http_server/server.h"
#include "libs/http_server/testing/raw_client.h"
#include "services/gateway/web/security_headers.h"

namespace lmsmail::gateway {
namespace {

using http_server::testing::RawClient;
using http_server::testing::RawResponse;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr char kFirefox[] = "User-Agent: Mozilla/5.0 (X11; rv:128.0) Gecko Firefox/128.0\r\n";
constexpr char kMessage[] = "0a1b2c3d4e5f6";
const std::string kTarget = "https://learn.example/a?x=1&y=%C3%A4#part";

class FakeEventLog final : public EventLog {
 public:
  absl::StatusOr<Counts> Record(absl::Span<const ProviderEvent> batch) override {
    if (!status.ok()) return status;
    events.insert(events.end(), batch.begin(), batch.end());
    return Counts();
  }
  absl::Status status;
  std::vector<ProviderEvent> events;
};

class TrackingHandlersTest : public ::testing::Test {
 protected:
  TrackingHandlersTest() {
    AddTrackingRoutes(handlers_, router_);
    http_server::Options options;
    options.admit = router_.admit();
    options.headers = SecurityHeaders(pages_.style_source(), /*https=*/false);
    server_ = http_server::Server::Start(std::move(options), router_.handler()).value();
    batcher_.Start();
  }
  ~TrackingHandlersTest() override { server_->Shutdown(absl::ZeroDuration()); }

  RawResponse Send(std::string_view method, const std::string& path,
                   const std::string& fields = kFirefox) {
    RawClient client(server_->port());
    client.Send(std::string(method) + " " + path + " HTTP/1.1\r\nHost: x\r\n" + fields + "\r\n");
    return client.Receive(method == "HEAD");
  }
  std::string Open() const { return "/o/" + links_.OpenToken(kMessage); }
  std::string Click(int link = 2) const {
    return "/c/" + links_.ClickToken({kMessage, link, 3, kTarget});
  }

  const tracking::Links links_{token::KeyRing::Parse("k1:" + std::string(64, 'a')).value()};
  FakeClock clock_{absl::FromUnixSeconds(1'800'000'003)};
  telemetry::Metrics metrics_{{"gateway", "test"}};
  FakeEventLog log_;
  EventBatchers batcher_{log_, clock_, metrics_, 1, {}};
  const Pages pages_ = Pages::Create({"Demo School", "https://learn.example"}).value();
  TrackingHandlers handlers_{links_, batcher_, pages_, clock_, metrics_};
  http_server::Router router_;
  std::unique_ptr<http_server::Server> server_;
};

TEST_F(TrackingHandlersTest, ThePixelIsRecordedBeforeItIsAnswered) {
  const RawResponse response = Send("GET", Open());
  ASSERT_THAT(log_.events, SizeIs(1));
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(response.headers.Get("Content-Type"), "image/gif");
  EXPECT_EQ(response.headers.Get("Cache-Control"), "no-store");
  EXPECT_EQ(response.headers.Get("Cross-Origin-Resource-Policy"), "cross-origin");
  EXPECT_EQ(response.headers.Get("Referrer-Policy"), "no-referrer");
  EXPECT_THAT(response.body, SizeIs(43));
  EXPECT_FALSE(response.headers.Has("Set-Cookie"));
  const ProviderEvent& event = log_.events[0];
  EXPECT_EQ(event.type, EventType::kOpened);
  EXPECT_EQ(event.message, "messages/0a1b2c3d4e5f6");
  EXPECT_EQ(event.event_id, "o.0a1b2c3d4e5f6.0.p.180000000");
  EXPECT_EQ(event.time, clock_.Now());
  EXPECT_FALSE(event.machine);
  EXPECT_THAT(event.detail, IsEmpty());
}

TEST_F(TrackingHandlersTest, AClickLeadsToItsTarget) {
  const RawResponse response = Send("GET", Click());
  EXPECT_EQ(response.status, 302);
  EXPECT_EQ(response.headers.Get("Location"), kTarget);
  EXPECT_EQ(response.headers.Get("Referrer-Policy"), "no-referrer");
  EXPECT_EQ(response.headers.Get("Cache-Control"), "no-store");
  ASSERT_THAT(log_.events, SizeIs(1));
  const ProviderEvent& event = log_.events[0];
  EXPECT_EQ(event.type, EventType::kClicked);
  EXPECT_EQ(event.event_id, "c.0a1b2c3d4e5f6.2.p.180000000");
  EXPECT_EQ(event.link, 2);
  EXPECT_EQ(event.links, 3);
  EXPECT_EQ(event.detail, "https://learn.example") << "the rest may be personal";
}

TEST_F(TrackingHandlersTest, ProgramsAreNoPersons) {
  EXPECT_EQ(Send("HEAD", Open()).status, 200);
  EXPECT_EQ(Send("HEAD", Click()).headers.Get("Location"), kTarget);
  Send("GET", Open(), "User-Agent: Mozilla/5.0\r\n");
  Send("GET", Click(), "");
  Send("GET", Click(), std::string(kFirefox) + "Sec-Purpose: prefetch\r\n");
  ASSERT_THAT(log_.events, SizeIs(5));
  for (const ProviderEvent& event : log_.events) {
    EXPECT_TRUE(event.machine);
    EXPECT_THAT(event.event_id, HasSubstr(".m.")) << "it hides no person's open";
  }
  EXPECT_THAT(metrics_.Serialize(),
              HasSubstr("lmsmail_tracking_requests_total{kind=\"open\",visitor=\"head\"} 1"));
}

TEST_F(TrackingHandlersTest, AForgedTokenLeadsNowhere) {
  const std::string click = Click();
  for (std::size_t i = 3; i < click.size(); i += 7) {
    std::string forged = click;
    forged[i] = forged[i] == 'A' ? 'B' : 'A';
    const RawResponse response = Send("GET", forged);
    EXPECT_EQ(response.status, 404) << forged;
    EXPECT_FALSE(response.headers.Has("Location"));
  }
  for (const std::string& path :
       {"/c" + Open().substr(2), std::string("/c/https:%2f%2fevil.example"), click + "%00",
        "/c/" + std::string(8000, 'a'), std::string("/c/x?url=https://evil.example")}) {
    const RawResponse response = Send("GET", path);
    EXPECT_GE(response.status, 400) << path;
    EXPECT_FALSE(response.headers.Has("Location")) << path;
  }
  EXPECT_EQ(Send("GET", "/o/forged").status, 200) << "no mail shows a broken image";
  EXPECT_EQ(Send("GET", "/o" + click.substr(2)).status, 200);
  EXPECT_EQ(Send("POST", click).status, 405);
  EXPECT_THAT(log_.events, IsEmpty());
}

TEST_F(TrackingHandlersTest, ALinkWorksWhileDispatchIsAway) {
  log_.status = absl::UnavailableError("down");
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(Send("GET", Click()).headers.Get("Location"), kTarget);
    EXPECT_EQ(Send("GET", Open()).status, 200);
  }
}

TEST_F(TrackingHandlersTest, WhatIsAddedToALinkChangesNothing) {
  EXPECT_EQ(
      Send("GET", Click() + "?utm_source=mail&url=https://evil.example").headers.Get("Location"),
      kTarget);
}

}  // namespace
}  // namespace lmsmail::gateway
