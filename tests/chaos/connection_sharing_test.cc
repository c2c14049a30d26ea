// Three replicas of dispatch and a mail server that allows fewer connections than one would take.

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <signal.h>

#include "libs/testing/status_matchers.h"
#include "libs/testing/temporary_folder.h"
#include "tests/chaos/stage.h"
#include "tests/chaos/traffic.h"
#include "tests/integration/wait.h"

namespace lmsmail::chaos {
namespace {

constexpr int kAllowed = 5;
static_assert(kAllowed < kConnectionsPerReplica);

TEST(ConnectionSharingTest, ReplicasStayWithinWhatTheServerAllowsAndUseAllOfIt) {
  const TemporaryFolder folder;
  ASSERT_OK_AND_ASSIGN(
      const std::unique_ptr<Stage> stage,
      Stage::Start(folder.path(),
                   {fmt::format("--transports.inbox.shared_connections={}", kAllowed)}));
  const Proxy& link = stage->smtp_link();
  const auto all_are_used = [&] { return link.open_connections() == kAllowed; };
  // Slow enough for mail to wait for a connection at any time.
  ASSERT_OK(stage->sink().Misbehave("delay ms=20"));
  Traffic traffic(*stage, {});
  ASSERT_OK(traffic.Start());
  EXPECT_OK(integration::WaitUntil("every connection is used", all_are_used));

  // One that stops leaves its share at once, one that is killed when its lease ends.
  stage->SignalReplica(0, SIGTERM);
  EXPECT_OK(integration::WaitUntil("its connections are closed", [&] { return !all_are_used(); }));
  EXPECT_OK(integration::WaitUntil("the others have its share", all_are_used));
  ASSERT_OK(stage->KillReplica(1));
  EXPECT_OK(integration::WaitUntil("its connections are closed", [&] { return !all_are_used(); }));
  EXPECT_OK(integration::WaitUntil("the last one has all", all_are_used));

  ASSERT_OK(stage->StartReplica(1));
  ASSERT_OK(traffic.Stop());
  EXPECT_EQ(link.most_open_connections(), kAllowed);
}

}  // namespace
}  // namespace lmsmail::chaos
