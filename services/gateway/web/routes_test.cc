#include "services/gateway/web/routes.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <string>

#include "absl/synchronization/notification.h"

#include "libs/http_server/server.h"
#include "libs/http_server/testing/raw_client.h"
#include "libs/testing/status_matchers.h"
#include "services/gateway/testing/fake_links.h"

namespace lmsmail::gateway {
namespace {

using http_server::testing::PostRequest;
using http_server::testing::RawClient;
using http_server::testing::RawResponse;

std::string Request(std::string_view method, std::string_view path) {
  return std::string(method) + " " + std::string(path) + " HTTP/1.1\r\nHost: x\r\n\r\n";
}

// A client of the public routes over a real connection.
class RoutesTest : public ::testing::Test {
 protected:
  RoutesTest() {
    AddLinkRoutes(handlers_, executor_, router_);
    http_server::Options options;
    options.admit = router_.admit();
    server_ = http_server::Server::Start(std::move(options), router_.handler()).value();
  }

  RawResponse Send(const std::string& octets, bool head = false) const {
    RawClient client(server_->port());
    client.Send(octets);
    return client.Receive(head);
  }

  FakeLinks links_;
  const Pages pages_ = Pages::Create({"Demo School", "https://learn.example"}).value();
  LinkHandlers handlers_{links_, pages_};
  rpc::Executor executor_{{.threads = 1, .queue = 4}};
  http_server::Router router_;
  std::unique_ptr<http_server::Server> server_;
};

TEST_F(RoutesTest, OnlyAPostUnsubscribes) {
  EXPECT_EQ(Send(Request("GET", "/u/u")).status, 200);
  EXPECT_EQ(Send(Request("HEAD", "/u/u"), true).status, 200);
  EXPECT_EQ(Send(Request("OPTIONS", "/u/u")).status, 204);
  for (const char* method : {"PUT", "PATCH", "DELETE"}) {
    EXPECT_EQ(Send(Request(method, "/u/u")).status, 405) << method;
  }
  EXPECT_EQ(links_.one_clicks, 0);

  // As Gmail sends it: 26 octets.
  const RawResponse response =
      Send(PostRequest("/u/u", {{"Content-Type", "application/x-www-form-urlencoded"}},
                       "List-Unsubscribe=One-Click"));
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(links_.one_clicks, 1);
}

TEST_F(RoutesTest, APreferencesLinkHasNoOneClick) {
  EXPECT_EQ(Send(PostRequest("/p/p", {{"Content-Type", "application/x-www-form-urlencoded"}},
                             "List-Unsubscribe=One-Click"))
                .status,
            405);
  EXPECT_EQ(Send(Request("GET", "/p/p")).status, 200);
  EXPECT_EQ(Send(Request("GET", "/p/p/")).status, 404);
  EXPECT_EQ(Send(Request("GET", "/")).status, 404);
}

TEST_F(RoutesTest, LimitsTheBody) {
  EXPECT_EQ(Send(PostRequest("/u/u", {{"Content-Type", "application/x-www-form-urlencoded"}},
                             std::string(17 << 10, 'a')))
                .status,
            413);
}

TEST_F(RoutesTest, RefusesWhatItCannotHandleInTime) {
  const auto started = std::make_shared<absl::Notification>();
  const auto end = std::make_shared<absl::Notification>();
  ASSERT_TRUE(executor_.TrySubmit([started, end] {
    started->Notify();
    end->WaitForNotification();
  }));
  started->WaitForNotification();  // or the thread would make room in the queue later
  const auto wait = [end] { end->WaitForNotification(); };
  while (executor_.TrySubmit(wait)) {
  }
  const RawResponse refused = Send(Request("GET", "/u/u"));
  EXPECT_EQ(refused.status, 503);
  EXPECT_EQ(refused.headers.Get("Retry-After"), "60");
  end->Notify();
}

TEST(HealthRoutesTest, IsNotReadyWhileItStops) {
  std::atomic<bool> ready = true;
  http_server::Router router;
  std::atomic<bool> degraded = false;
  using Names = std::vector<std::string>;
  AddHealthRoutes(
      {.is_ready = [&] { return ready.load(); },
       .missing_peers = [&] { return degraded ? Names{"dispatch", "report"} : Names(); }},
      router);
  http_server::Options options;
  options.admit = router.admit();
  const auto server = http_server::Server::Start(std::move(options), router.handler()).value();
  RawClient client(server->port());
  EXPECT_EQ(client.Exchange(Request("GET", "/readyz")).status, 200);
  degraded = true;
  const auto answer = client.Exchange(Request("GET", "/readyz"));
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.body, "ok\ndegraded: dispatch, report\n");
  ready = false;
  EXPECT_EQ(client.Exchange(Request("GET", "/readyz")).status, 503);
  EXPECT_EQ(client.Exchange(Request("GET", "/healthz")).status, 200);
}

}  // namespace
}  // namespace lmsmail::gateway
