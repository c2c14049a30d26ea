#include "services/dispatch/claiming/claimer.h"

#include <gtest/gtest.h>

#include <functional>
#include <memory>

#include "libs/telemetry/metrics.h"
#include "libs/testing/status_matchers.h"
#include "services/dispatch/testing/fake_queue_store.h"

namespace lmsmail::dispatch {
namespace {

class ClaimerTest : public testing::Test {
 protected:
  // Whether the gate is still closed after an attempt to claim.
  bool ClosedAfterAnAttempt(PriorityGate* yields_to) {
    Claimer claimer(store_, clock_, metrics_,
                    {.worker = "test", .lanes = {Lane::kBulk}, .yields_to = yields_to});
    priority_gate_.UrgentArrived();
    clock_.Advance(PriorityGate::kMaxPause);
    claimer.TakeNext([](Lane) { return true; });
    return priority_gate_.closed();
  }

  FakeClock clock_{absl::FromUnixSeconds(1'800'000'000)};
  FakeQueueStore store_{clock_};
  telemetry::Metrics registry_{{"dispatch", "test"}};
  DispatchMetrics metrics_{registry_};
  PriorityGate priority_gate_{clock_};
};

// A worker whose answer was lost, and which was cut off for 45 s of its lease of 60 s.
class LostAnswerTest : public ClaimerTest {
 protected:
  void Cut(bool recovered) {
    Submission submission;
    submission.request_id = "batch";
    submission.batch = true;
    submission.template_ref = {"template", 1, Category::kProgress};
    submission.lane = Lane::kBulk;
    submission.due_time = clock_.Now();
    submission.expire_time = clock_.Now() + absl::Hours(1);
    submission.items = {{{Target::Kind::kRecipient, "recipients/a"}, "", ""}};
    ASSERT_OK(store_.Accept({submission}, absl::InfiniteFuture()).status());
    store_.on_claimed = [] { return absl::UnavailableError("the connection broke"); };
    EXPECT_FALSE(claimer_.TakeNext(all_));
    clock_.Advance(recovered ? absl::Seconds(61) : absl::Seconds(45));
    ASSERT_OK(store_.RecoverExpired(absl::InfiniteFuture()).status());
  }

  const std::function<bool(Lane)> all_ = [](Lane) { return true; };
  std::unique_ptr<IntentJournal> journal_ = *IntentJournal::Open("", 100);
  Claimer claimer_{store_,
                   clock_,
                   metrics_,
                   {.worker = "test", .lanes = {Lane::kBulk}, .journal = journal_.get()}};
};

TEST_F(LostAnswerTest, TheClaimIsUsableForAsLongAsItsLeaseInTheStore) {
  Cut(/*recovered=*/false);
  const auto taken = claimer_.TakeNext(all_);
  ASSERT_TRUE(taken);
  EXPECT_EQ(taken->taken, clock_.Now());
  const auto claims = store_.InFlight(0, 10, absl::InfiniteFuture());
  ASSERT_OK(claims.status());
  ASSERT_EQ(claims->size(), 1u);
  EXPECT_EQ(claims->front().lease_expire_time, taken->taken + absl::Seconds(60));
  clock_.Advance(absl::Seconds(55));
  EXPECT_THAT(store_.RecoverExpired(absl::InfiniteFuture()), IsOkAndHolds(0));
}

TEST_F(LostAnswerTest, TheJournalKnowsTheClaim) {
  Cut(/*recovered=*/false);
  const auto decide = [](const ClaimedMail&, const DeliveryResult&) { return Outcome(); };
  ASSERT_OK(journal_->Replay(store_, decide));
  EXPECT_EQ(store_.InFlightCount(), 0);
}

TEST_F(LostAnswerTest, ARecoveredClaimIsNotResumed) {
  Cut(/*recovered=*/true);
  Claimer other(store_, clock_, metrics_, {.worker = "other", .lanes = {Lane::kBulk}});
  ASSERT_TRUE(other.TakeNext(all_));
  EXPECT_FALSE(claimer_.TakeNext(all_)) << "the other worker sends it";
}

// Mail that was accepted here and claimed by another replica, or that lies in the future, is gone.
TEST_F(ClaimerTest, KnowsUntilWhenNoMailIsLeft) {
  Claimer claimer(store_, clock_, metrics_,
                  {.worker = "test", .lanes = {Lane::kCritical, Lane::kTransactional}});
  const auto try_all = [&] { EXPECT_FALSE(claimer.TakeNext([](Lane) { return true; })); };
  EXPECT_EQ(claimer.EmptyAt(), absl::InfinitePast());
  const absl::Time first = clock_.Now();
  try_all();
  EXPECT_EQ(claimer.EmptyAt(), first);
  clock_.Advance(absl::Milliseconds(1));
  try_all();
  EXPECT_EQ(claimer.EmptyAt(), first) << "no lane was tried again yet";
  clock_.Advance(absl::Seconds(1));
  const absl::Time arrival = clock_.Now();
  priority_gate_.UrgentArrived();
  try_all();
  EXPECT_EQ(claimer.EmptyAt(), arrival);
  priority_gate_.UrgentGone(claimer.EmptyAt());
  EXPECT_FALSE(priority_gate_.closed());
}

TEST_F(ClaimerTest, YieldsToUrgentMailWithAPriorityGate) {
  EXPECT_TRUE(ClosedAfterAnAttempt(nullptr));
  EXPECT_FALSE(ClosedAfterAnAttempt(&priority_gate_));
}

}  // namespace
}  // namespace lmsmail::dispatch
