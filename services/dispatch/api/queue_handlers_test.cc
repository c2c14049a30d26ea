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

TEST_F(DispatchServiceTest, ListsTransportsThatWork) {
  ASSERT_OK_AND_ASSIGN(const v1::ListTransportsResponse list,
                       Call(&Stub::ListTransports, v1::ListTransportsRequest()));
  ASSERT_EQ(list.transports_size(), 1);
  const v1::Transport& transport = list.transports(0);
  EXPECT_EQ(transport.name(), "fake");
  EXPECT_EQ(transport.kind(), "fake");
  EXPECT_EQ(transport.endpoint(), "nowhere");
  EXPECT_TRUE(transport.default_());
  EXPECT_EQ(transport.state(), v1::Transport::STATE_AVAILABLE);
  EXPECT_FALSE(transport.has_state_time());
  EXPECT_FALSE(transport.has_probe_time());
  EXPECT_FALSE(transport.has_last_error_time());
  EXPECT_EQ(transport.remedy(), "");
}

TEST_F(DispatchServiceTest, ListsWhatIsWrongWithATransport) {
  const absl::Time now = clock_.Now();
  const std::pair<TransportHealth::State, v1::Transport::State> states[] = {
      {TransportHealth::State::kBreakerOpen, v1::Transport::STATE_BREAKER_OPEN},
      {TransportHealth::State::kUnreachable, v1::Transport::STATE_UNREACHABLE}};
  for (const auto& [state, expected] : states) {
    transport_.SetHealth({.state = state,
                          .since = now,
                          .until = now + absl::Minutes(5),
                          .cause = "login",
                          .remedy = "check the password",
                          .last_error = "535 no",
                          .last_error_time = now + absl::Seconds(1)});
    ASSERT_OK_AND_ASSIGN(const v1::ListTransportsResponse list,
                         Call(&Stub::ListTransports, v1::ListTransportsRequest()));
    const v1::Transport& transport = list.transports(0);
    EXPECT_EQ(transport.state(), expected);
    EXPECT_EQ(transport.state_time().seconds(), 1'800'000'000);
    EXPECT_EQ(transport.probe_time().seconds(), 1'800'000'300);
    EXPECT_EQ(transport.cause(), "login");
    EXPECT_EQ(transport.remedy(), "check the password");
    EXPECT_EQ(transport.last_error(), "535 no");
    EXPECT_EQ(transport.last_error_time().seconds(), 1'800'000'001);
  }
}

TEST_F(DispatchServiceTest, CountsTheMailsThatATransportHas) {
  transport_.Stall();
  ASSERT_OK(Call(&Stub::Send, ToAda("k")));
  sender_.Process(Take());
  ASSERT_OK_AND_ASSIGN(const v1::ListTransportsResponse list,
                       Call(&Stub::ListTransports, v1::ListTransportsRequest()));
  EXPECT_EQ(list.transports(0).in_flight_count(), 1);
  transport_.FinishPending({.kind = DeliveryResult::Kind::kAccepted});
}

TEST_F(DispatchServiceTest, TestsATransport) {
  v1::TestTransportRequest test;
  EXPECT_THAT(Call(&Stub::TestTransport, test), rpc::HasViolation("transport", _));
  test.set_transport("pigeon");
  EXPECT_THAT(Call(&Stub::TestTransport, test), StatusIs(absl::StatusCode::kNotFound));
  test.set_transport("fake");
  ASSERT_OK_AND_ASSIGN(const v1::TestTransportResponse passed, Call(&Stub::TestTransport, test));
  EXPECT_TRUE(passed.ok());
  EXPECT_EQ(passed.detail(), "fine");
  EXPECT_EQ(passed.remedy(), "");
  EXPECT_EQ(passed.transport().name(), "fake");
  EXPECT_EQ(passed.transport().state(), v1::Transport::STATE_AVAILABLE);
}

TEST_F(DispatchServiceTest, TellsWhatToDoWhenATestFails) {
  v1::TestTransportRequest test;
  test.set_transport("fake");
  const std::pair<absl::Status, std::string> cases[] = {
      {smtp::WithFault(absl::UnavailableError("connecting: refused"), smtp::Fault::kRefused),
       "whether the mail server runs"},
      {absl::UnauthenticatedError("the key is not valid"), "username, password_file"},
      {absl::DeadlineExceededError("the server did not answer in time"), "firewall"},
      {absl::UnknownError("what"), "check the transport's host or base_url"}};
  for (const auto& [error, remedy] : cases) {
    transport_.OnTest([&](absl::Duration) { return error; });
    ASSERT_OK_AND_ASSIGN(const v1::TestTransportResponse failed, Call(&Stub::TestTransport, test));
    EXPECT_FALSE(failed.ok());
    EXPECT_EQ(failed.detail(), std::string(error.message()));
    EXPECT_THAT(failed.remedy(), HasSubstr(remedy));
  }
}

TEST_F(DispatchServiceTest, SilentServersUnderTestHoldUpNoOtherCall) {
  absl::BlockingCounter begun(QueueHandlers::kMaxTests);
  absl::Notification release;
  std::atomic<bool> bounded = true;
  transport_.OnTest([&](absl::Duration timeout) -> absl::StatusOr<std::string> {
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
