#include "libs/service/peer_watch.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <string>
#include <utility>
#include <vector>

#include "absl/synchronization/notification.h"

#include "libs/rpc/channel.h"
#include "libs/rpc/server.h"
#include "libs/telemetry/testing/scoped_log_capture.h"
#include "libs/testing/status_matchers.h"

namespace lmsmail::service {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Pair;

class PeerWatchTest : public ::testing::Test {
 protected:
  telemetry::Metrics metrics_{{.service = "test", .version = "1"}};
  telemetry::ScopedLogCapture log_;
};

TEST_F(PeerWatchTest, TellsWhichPeerIsMissingAndWhenItIsBack) {
  int checks = 0;
  std::vector<std::pair<std::string, bool>> changes;
  std::vector<std::string> missing;
  std::string metrics;
  absl::Notification done;
  PeerWatch* watch = nullptr;
  absl::Notification built;
  PeerWatch watched({{.name = "template", .check = [] { return absl::OkStatus(); }},
                     {.name = "preference",
                      .check =
                          [&] {
                            built.WaitForNotification();
                            ++checks;
                            // Serves, fails once, serves, fails twice, serves.
                            const bool fails = checks == 2 || checks == 4 || checks == 5;
                            return fails ? absl::UnavailableError("down") : absl::OkStatus();
                          }}},
                    absl::Microseconds(10), metrics_, [&](const std::string& peer, bool serves) {
                      changes.emplace_back(peer, serves);
                      if (!serves) {
                        missing = watch->Missing();
                        metrics = metrics_.Serialize();
                      }
                      if (changes.size() == 2) done.Notify();
                    });
  watch = &watched;
  built.Notify();
  done.WaitForNotification();
  watched.Stop();
  EXPECT_THAT(changes, ElementsAre(Pair("preference", false), Pair("preference", true)));
  EXPECT_THAT(missing, ElementsAre("preference"));
  EXPECT_THAT(metrics, HasSubstr("lmsmail_degraded{peer=\"preference\"} 1\n"));
  EXPECT_THAT(metrics, HasSubstr("lmsmail_degraded{peer=\"template\"} 0\n"));
  EXPECT_THAT(metrics_.Serialize(), HasSubstr("lmsmail_degraded{peer=\"preference\"} 0\n"));
  EXPECT_THAT(watched.Missing(), IsEmpty());
  ASSERT_EQ(log_.events().size(), 2u);
  EXPECT_EQ(log_.events()[0].fields.at("peer"), "preference");
}

TEST_F(PeerWatchTest, BelievesThePeersHealthChecks) {
  ASSERT_OK_AND_ASSIGN(const auto server, rpc::Server::Start({}, {}));
  ASSERT_OK_AND_ASSIGN(auto channel,
                       rpc::NewChannel({.target = "127.0.0.1:" + std::to_string(server->port())}));
  const Peer peer = PeerOf("dispatch", std::move(channel));
  EXPECT_THAT(peer.check(), StatusIs(absl::StatusCode::kUnavailable, HasSubstr("NOT_SERVING")));
  server->SetServing(true);
  EXPECT_OK(peer.check());
}

TEST_F(PeerWatchTest, AHealthCheckOfAPeerThatIsAwayFails) {
  ASSERT_OK_AND_ASSIGN(auto channel, rpc::NewChannel({.target = "127.0.0.1:1"}));
  EXPECT_THAT(PeerOf("dispatch", std::move(channel)).check(),
              StatusIs(absl::StatusCode::kUnavailable));
}

}  // namespace
}  // namespace lmsmail::service
