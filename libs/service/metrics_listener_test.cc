#include "libs/service/metrics_listener.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "libs/hash/sha256.h"
#include "libs/http_server/testing/raw_client.h"
#include "libs/testing/status_matchers.h"
#include "libs/testing/temporary_folder.h"

namespace lmsmail::service {
namespace {

using ::testing::HasSubstr;

class MetricsListenerTest : public ::testing::Test {
 protected:
  MetricsListenerTest() {
    metrics_.AddCounter("lmsmail_sent_total", "Mails sent.").With().Increment();
  }

  void Start(identity::CallerDirectory* callers = nullptr) {
    ASSERT_OK_AND_ASSIGN(
        listener_,
        MetricsListener::Start({.listen = {"127.0.0.1", 0}, .callers = callers}, metrics_));
  }
  auto Get(const std::string& path, const std::string& authorization = "") {
    http_server::testing::RawClient client(listener_->port());
    std::string request = fmt::format("GET {} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n", path);
    if (!authorization.empty()) request += fmt::format("Authorization: {}\r\n", authorization);
    return client.Exchange(request + "\r\n");
  }

  telemetry::Metrics metrics_{{.service = "dispatch", .version = "1.2.3"}};
  std::unique_ptr<MetricsListener> listener_;
};

TEST_F(MetricsListenerTest, ServesEveryMetricOnAFreePort) {
  Start();
  const auto response = Get("/metrics");
  EXPECT_EQ(response.status, 200);
  EXPECT_THAT(response.body, HasSubstr("\nlmsmail_sent_total 1\n"));
  EXPECT_THAT(response.body, HasSubstr("\nprocess_open_fds "));
  EXPECT_EQ(Get("/").status, 404);
}

TEST_F(MetricsListenerTest, RefusesAPortInUse) {
  Start();
  EXPECT_THAT(MetricsListener::Start({.listen = {"127.0.0.1", listener_->port()}}, metrics_),
              StatusIs(absl::StatusCode::kUnavailable, HasSubstr("127.0.0.1")));
}

TEST_F(MetricsListenerTest, IsForViewersWhereCallersAreKnown) {
  const TemporaryFolder folder;
  folder.Write("callers.yaml",
               fmt::format("callers: {{prometheus: {{roles: [viewer], token_sha256: {}}},\n"
                           "          lms: {{roles: [sender], token_sha256: {}}}}}\n",
                           hash::Sha256Hex("p"), hash::Sha256Hex("l")));
  const SystemClock clock;
  ASSERT_OK_AND_ASSIGN(const auto callers, identity::CallerDirectory::Open(
                                               (folder.path() / "callers.yaml").string(), clock));
  Start(callers.get());
  EXPECT_EQ(Get("/metrics", "Bearer p").status, 200);
  EXPECT_EQ(Get("/metrics", "Bearer l").status, 403);
  EXPECT_EQ(Get("/metrics", "Bearer x").status, 401);
  EXPECT_EQ(Get("/metrics").status, 401);
}

TEST_F(MetricsListenerTest, AnswersWhileOthersSendNothing) {
  Start();
  std::vector<std::unique_ptr<http_server::testing::RawClient>> clients;
  for (int i = 0; i < 12; ++i) {
    clients.push_back(std::make_unique<http_server::testing::RawClient>(listener_->port()));
    if (i % 2 == 1) clients.back()->Send("GET /metrics HT");
  }
  EXPECT_EQ(Get("/metrics").status, 200);
}

}  // namespace
}  // namespace lmsmail::service
