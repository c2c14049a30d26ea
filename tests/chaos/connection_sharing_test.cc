// Three replicas of dispatch share a mail server that allows fewer connections than one replica
// uses.

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <signal.h>

#include "libs/testing/status_matchers.h"
#include "libs/testing/temporary_folder.h"
#include "tests/chaos/cluster.h"
#include "tests/chaos/traffic.h"
#include "tests/integration/suite/wait.h"

namespace lmsmail::chaos {
namespace {

constexpr int kAllowed = 5;
static_assert(kAllowed < kConnectionsPerReplica);

TEST(ConnectionSharingTest, ReplicasShareTheAllowedConnections) {
  const TemporaryFolder folder;
  ASSERT_OK_AND_ASSIGN(
      const std::unique_ptr<Cluster> cluster,
      Cluster::Start(folder.path(),
                     {fmt::format("--transports.inbox.shared_connections={}", kAllowed)}));
  const Proxy& link = cluster->smtp_link();
  const auto all_in_use = [&] { return link.open_connections() == kAllowed; };
  // Slow enough that mail always waits for a connection.
  ASSERT_OK(cluster->sink().AddFault("delay ms=20"));
  Traffic traffic(*cluster);
  ASSERT_OK(traffic.Start());
  EXPECT_OK(integration::WaitUntil("all connections are in use", all_in_use));

  // A replica that stops releases its share at once, a killed one when its lease expires.
  cluster->SignalReplica(0, SIGTERM);
  EXPECT_OK(integration::WaitUntil("its connections are closed", [&] { return !all_in_use(); }));
  EXPECT_OK(integration::WaitUntil("the other replicas use its connections", all_in_use));
  ASSERT_OK(cluster->KillReplica(1));
  EXPECT_OK(integration::WaitUntil("its connections are closed", [&] { return !all_in_use(); }));
  EXPECT_OK(integration::WaitUntil("the last replica uses all connections", all_in_use));

  ASSERT_OK(cluster->StartReplica(1));
  ASSERT_OK(traffic.Stop());
  EXPECT_EQ(link.max_open_connections(), kAllowed);
}

}  // namespace
}  // namespace lmsmail::chaos
