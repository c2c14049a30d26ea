#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <string>
#include <thread>
#include <vector>

#include "absl/synchronization/blocking_counter.h"
#include "absl/synchronization/notification.h"

#include "libs/rpc/testing/matchers.h"
#include "libs/testing/status_matchers.h"
#include "services/dispatch/testing/dispatch_service_fixture.h"

namespace lmsmail::dispatch {
namespace {

using testing::_;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::SizeIs;

TEST_F(DispatchServiceTest, PausesAndResumesALane) {
  v1::PauseLaneRequest pause;
  EXPECT_THAT(Call(&Stub::PauseLane, pause), rpc::HasViolation("lane", _));
  pause.set_lane(lmsmail::type::v1::LANE_TRANSACTIONAL);
  pause.set_detail("the relay is being moved");
  ASSERT_OK_AND_ASSIGN(const v1::LaneStats paused, Call(&Stub::PauseLane, pause));
  EXPECT_TRUE(paused.paused());
  EXPECT_EQ(paused.pause_detail(), "the relay is being moved");
  Sent("k");
  ASSERT_OK_AND_ASSIGN(const v1::GetQueueStatsResponse stats,
                       Call(&Stub::GetQueueStats, v1::GetQueueStatsRequest()));
  ASSERT_EQ(stats.lanes_size(), 4);
  EXPECT_EQ(stats.lanes(1).due_count(), 1);
  v1::ResumeLaneRequest resume;
  resume.set_lane(lmsmail::type::v1::LANE_TRANSACTIONAL);
  ASSERT_OK(Call(&Stub::ResumeLane, resume));
  SendDue();
  ASSERT_OK_AND_ASSIGN(const v1::Message sent, Call(&Stub::GetMessage, ByKey("k")));
  EXPECT_EQ(sent.state(), v1::STATE_SENT);
}

TEST_F(DispatchServiceTest, ListsClaimsOfWorkers) {
  ASSERT_OK(Call(&Stub::Send, ToAda("k")));
  const auto id = store_.NextClaimId();
  ASSERT_OK(store_.TakeDue(*id, "replica-1", Lane::kTransactional, 10, absl::Seconds(60)));
  ASSERT_OK_AND_ASSIGN(const v1::ListInFlightResponse response,
                       Call(&Stub::ListInFlight, v1::ListInFlightRequest()));
  ASSERT_EQ(response.batches_size(), 1);
  EXPECT_EQ(response.batches(0).worker(), "replica-1");
  EXPECT_EQ(response.batches(0).message_count(), 1);
  EXPECT_THAT(response.batches(0).messages(), SizeIs(1));
  clock_.Advance(absl::Minutes(1));
  ASSERT_OK_AND_ASSIGN(const v1::SweepResponse swept, Call(&Stub::Sweep, v1::SweepRequest()));
  EXPECT_EQ(swept.recovered_count(), 1);
}

TEST_F(DispatchServiceTest, ListsClaimsInPages) {
  for (const char* key : {"a", "b", "c", "d"}) {
    ASSERT_OK(Call(&Stub::Send, ToAda(key)));
    ASSERT_OK(
        store_.TakeDue(*store_.NextClaimId(), key, Lane::kTransactional, 1, absl::Seconds(60)));
  }
  v1::ListInFlightRequest list;
  list.set_page_size(2);
  std::vector<std::string> workers;
  int pages = 0;
  do {
    ASSERT_OK_AND_ASSIGN(const v1::ListInFlightResponse page, Call(&Stub::ListInFlight, list));
    for (const v1::InFlightBatch& batch : page.batches()) workers.push_back(batch.worker());
    list.set_page_token(page.next_page_token());
    ++pages;
  } while (!list.page_token().empty());
  EXPECT_THAT(workers, ElementsAre("a", "b", "c", "d"));
  EXPECT_EQ(pages, 2) << "no empty page at the end";
  list.set_page_token("garbage");
  list.set_page_size(-1);
  const auto refused = Call(&Stub::ListInFlight, list);
  EXPECT_THAT(refused, rpc::HasViolation("page_token", _));
  EXPECT_THAT(refused, rpc::HasViolation("page_size", _));
}

TEST_F(DispatchServiceTest, PurgeLogsRequiresSevenDays) {
  v1::PurgeLogsRequest purge;
  EXPECT_THAT(Call(&Stub::PurgeLogs, purge), rpc::HasViolation("max_age", _));
  purge.mutable_max_age()->set_seconds(6 * 86400);
  EXPECT_THAT(Call(&Stub::PurgeLogs, purge), rpc::HasViolation("max_age", _));
  purge.mutable_max_age()->set_seconds(7 * 86400);
  EXPECT_OK(Call(&Stub::PurgeLogs, purge));
}

TEST_F(DispatchServiceTest, ListsOpenCircuitBreakers) {
  transport_.SetOpenBreaker(
      OpenBreaker{clock_.Now() + absl::Minutes(5), "the server refuses us: 550"});
  ASSERT_OK_AND_ASSIGN(const v1::ListTransportsResponse list,
                       Call(&Stub::ListTransports, v1::ListTransportsRequest()));
  ASSERT_EQ(list.transports_size(), 1);
  EXPECT_EQ(list.transports(0).circuit_breaker_retry_time().seconds(), 1'800'000'300);
  EXPECT_EQ(list.transports(0).circuit_breaker_detail(), "the server refuses us: 550");
}

TEST_F(DispatchServiceTest, ListsAndTestsTransports) {
  ASSERT_OK_AND_ASSIGN(const v1::ListTransportsResponse list,
                       Call(&Stub::ListTransports, v1::ListTransportsRequest()));
  ASSERT_EQ(list.transports_size(), 1);
  EXPECT_EQ(list.transports(0).name(), "fake");
  EXPECT_TRUE(list.transports(0).default_());
  EXPECT_FALSE(list.transports(0).has_circuit_breaker_retry_time());
  v1::TestTransportRequest test;
  EXPECT_THAT(Call(&Stub::TestTransport, test), rpc::HasViolation("transport", _));
  test.set_transport("fake");
  ASSERT_OK_AND_ASSIGN(const v1::TestTransportResponse tested, Call(&Stub::TestTransport, test));
  EXPECT_TRUE(tested.ok());
  test.set_transport("pigeon");
  EXPECT_THAT(Call(&Stub::TestTransport, test), StatusIs(absl::StatusCode::kNotFound));
}

TEST_F(DispatchServiceTest, SilentServersUnderTestHoldUpNoOtherCall) {
  absl::BlockingCounter begun(QueueHandlers::kMaxTests);
  absl::Notification release;
  std::atomic<bool> bounded = true;
  transport_.OnTest([&](absl::Duration timeout) -> std::string {
    if (timeout > absl::Seconds(25)) bounded = false;  // the default is 30 s
    begun.DecrementCount();
    release.WaitForNotification();
    return "fine";
  });
  v1::TestTransportRequest test;
  test.set_transport("fake");
  std::vector<std::thread> callers;
  std::atomic<int> passed = 0;
  for (int i = 0; i < QueueHandlers::kMaxTests; ++i) {
    callers.emplace_back([&] { passed += Call(&Stub::TestTransport, test).ok() ? 1 : 0; });
  }
  begun.Wait();
  const auto refused = Call(&Stub::TestTransport, test);
  EXPECT_THAT(refused, StatusIs(absl::StatusCode::kResourceExhausted, HasSubstr("try again")));
  EXPECT_OK(Call(&Stub::ListTransports, v1::ListTransportsRequest()));
  EXPECT_OK(Call(&Stub::Send, ToAda("k")));
  release.Notify();
  for (std::thread& caller : callers) caller.join();
  EXPECT_EQ(passed, QueueHandlers::kMaxTests);
  EXPECT_TRUE(bounded) << "a test may not take longer than its caller waits";
  transport_.OnTest(nullptr);
  EXPECT_OK(Call(&Stub::TestTransport, test));
}

}  // namespace
}  // namespace lmsmail::dispatch
