#include "services/dispatch/limits/connection_sharing.h"

#include <gtest/gtest.h>

#include <memory>
#include <utility>
#include <vector>

#include "services/dispatch/storage/in_memory_limit_store.h"
#include "services/dispatch/testing/fake_peers.h"

namespace lmsmail::dispatch {
namespace {

class UnreliableLimits final : public InMemoryLimitStore {
 public:
  using InMemoryLimitStore::InMemoryLimitStore;
  absl::StatusOr<int> Share(const ConnectionShares::Request& request) override {
    if (!status.ok()) return status;
    return InMemoryLimitStore::Share(request);
  }
  absl::Status status;
};

class Replica {
 public:
  Replica(ConnectionShares& store, const Clock& clock, std::string name)
      : sharing_(store, transports_, clock, std::move(name)) {}

  ConnectionSharing& sharing() { return sharing_; }
  int connections() const { return transport_.connections(); }

 private:
  FakeTransport& transport_ = *new FakeTransport(/*shared_connections=*/5);  // transports_ owns it
  Transports transports_ = [this] {
    std::vector<std::unique_ptr<Transport>> all;
    all.push_back(std::unique_ptr<Transport>(&transport_));
    return Transports(std::move(all), "fake");
  }();
  ConnectionSharing sharing_;
};

class ConnectionSharingTest : public testing::Test {
 protected:
  FakeClock clock_{absl::FromUnixSeconds(1'800'000'000)};
  UnreliableLimits store_{clock_};
  Replica first_{store_, clock_, "first"};
  Replica second_{store_, clock_, "second"};
};

TEST_F(ConnectionSharingTest, ReplicasNeverExceedTheSharedConnections) {
  first_.sharing().Renew();
  EXPECT_EQ(first_.connections(), 5);
  clock_.Advance(ConnectionSharing::kInterval);
  second_.sharing().Renew();
  EXPECT_EQ(second_.connections(), 0);
  first_.sharing().Renew();
  second_.sharing().Renew();
  EXPECT_EQ(first_.connections(), 3);
  EXPECT_EQ(second_.connections(), 2);
}

TEST_F(ConnectionSharingTest, KeepsItsShareDuringAShortOutageOnly) {
  first_.sharing().Renew();
  store_.status = absl::UnavailableError("away");
  clock_.Advance(ConnectionSharing::kInterval);
  first_.sharing().Renew();
  EXPECT_EQ(first_.connections(), 5);
  clock_.Advance(ConnectionSharing::kLease);
  first_.sharing().Renew();
  EXPECT_EQ(first_.connections(), 0) << "others may have them by now";
}

TEST_F(ConnectionSharingTest, StopLeavesTheShareToOtherReplicas) {
  first_.sharing().Renew();
  second_.sharing().Renew();
  first_.sharing().Start();
  first_.sharing().Stop();
  second_.sharing().Renew();
  EXPECT_EQ(second_.connections(), 5);
}

}  // namespace
}  // namespace lmsmail::dispatch
