#include "services/dispatch/claiming/flusher.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "libs/telemetry/metrics.h"
#include "libs/testing/status_matchers.h"
#include "services/dispatch/testing/fake_queue_store.h"

namespace lmsmail::dispatch {
namespace {

class FlusherTest : public testing::Test {
 protected:
  // A claim of three mails, of which all were sent.
  void SendThree() {
    for (const std::string key : {"a", "b", "c"}) {
      Submission submission;
      submission.request_id = key;
      submission.template_ref = {"enrollment", 1, Category::kEnrollment};
      submission.due_time = clock_.Now();
      submission.expire_time = clock_.Now() + absl::Hours(48);
      submission.items.push_back({{Target::Kind::kRecipient, "recipients/" + key}, "", ""});
      ids_.push_back(
          store_.Accept({submission}, absl::InfiniteFuture())->front()->items.front().id);
    }
    for (int i = 0; i < 10 && mails_.size() < ids_.size(); ++i) Take();
    ASSERT_EQ(mails_.size(), ids_.size());
    ASSERT_TRUE(budget_.Acquire(false));
    ASSERT_TRUE(budget_.Acquire(false));
    ASSERT_TRUE(budget_.Acquire(false));
    for (const auto& [claim, mail] : mails_) {
      Outcome outcome;
      outcome.journal_token = journal_->HandedOver(claim, mail, "smtp", "hash", "");
      outcome.id = mail.mail.id;
      outcome.delivery_count = mail.delivery_count;
      outcome.attempt = 1;
      outcome.reply_text = mail.mail.key;
      outcome.content_hash = "hash";
      claims_.Record(claim, std::move(outcome));
    }
  }
  // From one shard.
  void Take() {
    const Claim claim = *store_.TakeDue(*store_.NextClaimId(), "test", Lane::kTransactional, 100,
                                        absl::Seconds(60));
    if (claim.mails.empty()) return;
    claims_.Open(claim, clock_.Now() + absl::Seconds(55));
    for (const ClaimedMail& mail : claim.mails) mails_.emplace_back(claim.id, mail);
  }
  MessageRecord Record(std::size_t i) { return store_.Get(ids_.at(i)); }
  // Refuses calls with such an outcome, as a database refuses whole transactions.
  void RefuseOutcomes(std::function<bool(const Outcome&)> refuses) {
    store_.on_flush = [refuses = std::move(refuses)](absl::Span<const Outcome> outcomes) {
      return std::any_of(outcomes.begin(), outcomes.end(), refuses)
                 ? absl::InternalError("database error in dispatch.flush")
                 : absl::OkStatus();
    };
  }
  // Flushes up to `runs` times, as the worker does. Returns whether everything was recorded.
  bool FlushFor(int runs) {
    for (int i = 0; i < runs; ++i) {
      if (flusher_.FlushAll()) return true;
    }
    return false;
  }

  FakeClock clock_{absl::FromUnixSeconds(1'800'000'000)};
  FakeQueueStore store_{clock_};
  telemetry::Metrics registry_{{"dispatch", "test"}};
  DispatchMetrics metrics_{registry_};
  OpenClaims claims_;
  InFlightBudget budget_{100, 25};
  std::unique_ptr<IntentJournal> journal_ = *IntentJournal::Open("", 100);
  PriorityGate priority_gate_{clock_};
  Flusher flusher_{store_, claims_, budget_, *journal_, priority_gate_, metrics_};
  std::vector<MessageId> ids_;
  std::vector<std::pair<ClaimId, ClaimedMail>> mails_;
};

TEST_F(FlusherTest, YieldsToUrgentMail) {
  priority_gate_.UrgentArrived();
  clock_.Advance(PriorityGate::kMaxPause);
  EXPECT_TRUE(flusher_.FlushAll());
  EXPECT_FALSE(priority_gate_.closed());
}

TEST_F(FlusherTest, RecordsAnOutcomeWithoutItsInvalidReplyText) {
  SendThree();
  RefuseOutcomes([](const Outcome& outcome) { return outcome.reply_text == "b"; });
  EXPECT_TRUE(flusher_.FlushAll());
  EXPECT_EQ(Record(0).detail, "a");
  EXPECT_EQ(Record(1).state, State::kSent);
  EXPECT_EQ(Record(1).detail, "the server's reply text could not be recorded");
  EXPECT_EQ(Record(1).content_hash, "hash");
  EXPECT_EQ(Record(2).detail, "c");
  EXPECT_EQ(budget_.in_use(), 0);
  EXPECT_TRUE(claims_.WaitUntilEmpty(absl::ZeroDuration()));
  EXPECT_TRUE(store_.InFlight(0, 10, absl::InfiniteFuture())->empty());
}

TEST_F(FlusherTest, DropsOnlyARefusedOutcomeAndLetsItsLeaseExpire) {
  SendThree();
  const MessageId bad = ids_[1];
  RefuseOutcomes([bad](const Outcome& outcome) { return outcome.id == bad; });
  EXPECT_FALSE(FlushFor(50)) << "the database may be the cause";
  EXPECT_TRUE(FlushFor(100));
  EXPECT_EQ(Record(0).state, State::kSent);
  EXPECT_EQ(Record(1).state, State::kSending);
  EXPECT_EQ(Record(2).state, State::kSent);
  EXPECT_EQ(budget_.in_use(), 0);
  EXPECT_TRUE(claims_.WaitUntilEmpty(absl::ZeroDuration()));

  clock_.Advance(absl::Minutes(1));
  EXPECT_EQ(*store_.RecoverExpired(absl::InfiniteFuture()), 1);
  mails_.clear();
  for (int i = 0; i < 10 && mails_.empty(); ++i) Take();
  ASSERT_EQ(mails_.size(), 1u);
  EXPECT_TRUE(mails_[0].second.recovered) << "the policy must know that it may have been sent";
}

TEST_F(FlusherTest, KeepsOutcomesWhileTheDatabaseRefusesAll) {
  SendThree();
  RefuseOutcomes([](const Outcome&) { return true; });
  EXPECT_FALSE(FlushFor(50));
  store_.on_flush = nullptr;
  EXPECT_TRUE(flusher_.FlushAll());
  for (std::size_t i = 0; i < 3; ++i) EXPECT_EQ(Record(i).state, State::kSent);
  EXPECT_TRUE(store_.InFlight(0, 10, absl::InfiniteFuture())->empty());
}

}  // namespace
}  // namespace lmsmail::dispatch
