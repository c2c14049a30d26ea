#include "services/dispatch/claiming/intent_journal.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <functional>
#include <memory>
#include <string>

#include "libs/testing/status_matchers.h"
#include "services/dispatch/delivery/delivery_policy.h"
#include "services/dispatch/testing/fake_queue_store.h"

namespace lmsmail::dispatch {
namespace {

class IntentJournalTest : public testing::Test {
 protected:
  IntentJournalTest() {
    std::filesystem::remove(path_);
    journal_ = *IntentJournal::Open(path_, 100);
  }
  ~IntentJournalTest() override { std::filesystem::remove(path_); }

  // Accepts and claims `count` mails.
  Claim Take(Category category, int count) {
    Submission submission;
    submission.request_id = std::to_string(++requests_);
    submission.batch = true;
    submission.template_ref = {"template", 1, category};
    submission.due_time = clock_.Now();
    submission.expire_time = clock_.Now() + absl::Hours(1);
    for (int i = 0; i < count; ++i) {
      submission.items.push_back({{Target::Kind::kRecipient, "recipients/a"}, "", ""});
    }
    EXPECT_OK(store_.Accept({submission}, absl::InfiniteFuture()));
    auto claim =
        store_.TakeDue(*store_.NextClaimId(), "test", submission.lane, 100, absl::Seconds(60));
    EXPECT_OK(claim);
    journal_->ClaimOpened(claim->id);
    return *std::move(claim);
  }
  std::uint64_t HandOver(const Claim& claim, std::size_t mail) {
    return journal_->HandedOver(claim.id, claim.mails[mail], "smtp", std::string(32, 'h'),
                                std::string(16, 'a'));
  }
  void Reply(std::uint64_t token, bool accepted) {
    journal_->DotSent(token);
    journal_->ReplyReceived(token, accepted);
  }
  // As after kill -9: nothing is tidied, the file is as it was.
  void Restart() {
    journal_.reset();
    journal_ = *IntentJournal::Open(path_, 100);
  }
  absl::Status Replay() { return journal_->Replay(store_, decide_); }
  MessageRecord Record(const Claim& claim, std::size_t mail) {
    return store_.Get(claim.mails[mail].mail.id);
  }

  const std::string path_ = testing::TempDir() + "/intent_journal_test";
  FakeClock clock_{absl::FromUnixSeconds(1'800'000'000)};
  FakeQueueStore store_{clock_};
  int requests_ = 0;
  const std::function<Outcome(const ClaimedMail&, const DeliveryResult&)> decide_ =
      [this](const ClaimedMail& mail, const DeliveryResult& result) {
        return DecideByResult(mail, result, clock_.Now(), DeliveryPolicy());
      };
  std::unique_ptr<IntentJournal> journal_;
};

TEST_F(IntentJournalTest, ReplaysSentUnsentAndUncertainMail) {
  const Claim claim = Take(Category::kProgress, 5);
  HandOver(claim, 0);
  journal_->DotSent(HandOver(claim, 1));
  Reply(HandOver(claim, 2), true);
  Reply(HandOver(claim, 3), false);
  Restart();
  ASSERT_OK(Replay());
  EXPECT_EQ(Record(claim, 0).state, State::kQueued);     // not sent
  EXPECT_EQ(Record(claim, 1).state, State::kUncertain);  // between "." and the reply
  EXPECT_EQ(Record(claim, 2).state, State::kSent);
  EXPECT_EQ(Record(claim, 2).content_hash, std::string(32, 'h'));
  EXPECT_EQ(Record(claim, 3).state,
            State::kQueued);  // refused, which the successor will hear again
  EXPECT_EQ(Record(claim, 4).state, State::kQueued);  // never handed over
  // Nothing is held, and what waits is not marked as if it might have been sent.
  ASSERT_OK_AND_ASSIGN(
      const Claim next,
      store_.TakeDue(*store_.NextClaimId(), "test", Lane::kTransactional, 100, absl::Seconds(60)));
  ASSERT_EQ(next.mails.size(), 3u);
  for (const ClaimedMail& mail : next.mails) EXPECT_FALSE(mail.recovered);
}

TEST_F(IntentJournalTest, ReplaysUncertainReceiptsAsDeferred) {
  const Claim claim = Take(Category::kPayment, 1);
  journal_->DotSent(HandOver(claim, 0));
  Restart();
  ASSERT_OK(Replay());
  EXPECT_EQ(Record(claim, 0).state, State::kQueued);
  EXPECT_EQ(Record(claim, 0).reason, Reason::kConnectionLostAfterData);
  EXPECT_EQ(Record(claim, 0).attempt_count, 1);
  clock_.Advance(absl::Minutes(5));
  ASSERT_OK_AND_ASSIGN(
      const Claim next,
      store_.TakeDue(*store_.NextClaimId(), "test", Lane::kTransactional, 100, absl::Seconds(60)));
  ASSERT_EQ(next.mails.size(), 1u);
  EXPECT_EQ(next.mails[0].uncertain_transport, "smtp") << "no other one may send it again";
}

TEST_F(IntentJournalTest, DoesNotReplayRecordedOutcomes) {
  const Claim claim = Take(Category::kProgress, 1);
  Outcome outcome;
  outcome.journal_token = HandOver(claim, 0);
  journal_->DotSent(outcome.journal_token);
  outcome.id = claim.mails[0].mail.id;
  outcome.delivery_count = claim.mails[0].delivery_count;
  outcome.kind = Outcome::Kind::kSkipped;
  ASSERT_OK(store_.Flush(claim.id, {outcome}, true));
  journal_->Recorded({outcome});
  journal_->ClaimEnded(claim.id);
  Restart();
  ASSERT_OK(Replay());
  EXPECT_EQ(Record(claim, 0).state, State::kSkipped);
}

TEST_F(IntentJournalTest, LeavesRefusedClaimsToTheirLeases) {
  const Claim claim = Take(Category::kProgress, 1);
  Reply(HandOver(claim, 0), true);
  Restart();
  store_.on_flush = [](const auto&) { return absl::InternalError("invalid data"); };
  ASSERT_OK(Replay());
  EXPECT_EQ(Record(claim, 0).state, State::kSending);
}

TEST_F(IntentJournalTest, ReplaysOnce) {
  const Claim claim = Take(Category::kProgress, 1);
  HandOver(claim, 0);
  Restart();
  ASSERT_OK(Replay());
  const Claim again =
      *store_.TakeDue(*store_.NextClaimId(), "test", Lane::kTransactional, 100, absl::Seconds(60));
  ASSERT_OK(Replay());
  EXPECT_EQ(Record(claim, 0).state, State::kSending);
  EXPECT_EQ(again.mails.size(), 1u);
}

TEST_F(IntentJournalTest, IgnoresMailBeyondItsSizeAndUnknownTokens) {
  const Claim claim = Take(Category::kProgress, 100);
  for (std::size_t i = 0; i < 100; ++i) EXPECT_NE(HandOver(claim, i), 0u);
  EXPECT_EQ(HandOver(claim, 0), 0u);
  journal_->DotSent(0);
  journal_->DotSent(1000);
  journal_->ReplyReceived(1000, true);
  journal_->HandedBack(1000);
}

// Mail that is released, claimed again and released again must not use up the journal.
TEST_F(IntentJournalTest, HandingBackFreesTheEntry) {
  const Claim claim = Take(Category::kProgress, 1);
  for (int i = 0; i < 1000; ++i) {
    const std::uint64_t token = HandOver(claim, 0);
    ASSERT_NE(token, 0u);
    journal_->HandedBack(token);
    journal_->HandedBack(token);
  }
  EXPECT_EQ(journal_->in_use(), 0);
}

TEST_F(IntentJournalTest, FreesBothEntriesOfAMailThatIsHandedOverAgain) {
  const Claim claim = Take(Category::kProgress, 1);
  const std::uint64_t first = HandOver(claim, 0);
  const std::uint64_t second = HandOver(claim, 0);
  EXPECT_EQ(journal_->in_use(), 2);
  journal_->HandedBack(first);
  journal_->HandedBack(second);
  EXPECT_EQ(journal_->in_use(), 0);
}

TEST_F(IntentJournalTest, OldTokensDoNotChangeTheNextMail) {
  const Claim claim = Take(Category::kProgress, 2);
  const std::uint64_t old = HandOver(claim, 0);
  journal_->HandedBack(old);
  HandOver(claim, 1);
  Reply(old, true);
  journal_->HandedBack(old);
  EXPECT_EQ(journal_->in_use(), 1);
  Restart();
  ASSERT_OK(Replay());
  EXPECT_EQ(Record(claim, 1).state, State::kQueued);
}

TEST_F(IntentJournalTest, KeepsGivenUpOutcomesUntilTheirPlaceIsNeeded) {
  const Claim claim = Take(Category::kProgress, 100);
  Outcome outcome;
  outcome.journal_token = HandOver(claim, 0);
  journal_->GivenUp(outcome);
  for (std::size_t i = 1; i < 100; ++i) EXPECT_NE(HandOver(claim, i), 0u);
  EXPECT_EQ(journal_->in_use(), 100);
  EXPECT_NE(HandOver(claim, 0), 0u);
  EXPECT_EQ(HandOver(claim, 0), 0u);
}

TEST_F(IntentJournalTest, ReleasesManyClaimsWithoutEntries) {
  constexpr int kMany = 6000;  // twice as many exceed what the file has room for
  const Claim first = Take(Category::kProgress, 1);
  for (ClaimId id = first.id + 1; id < first.id + kMany; ++id) journal_->ClaimOpened(id);
  for (ClaimId id = first.id + 1; id < first.id + kMany; ++id) journal_->ClaimEnded(id);
  for (ClaimId id = first.id + 1; id < first.id + kMany; ++id) journal_->ClaimOpened(id + kMany);
  const Claim claim = Take(Category::kProgress, 1);
  Restart();
  ASSERT_OK(Replay());
  EXPECT_EQ(Record(first, 0).state, State::kQueued);
  EXPECT_EQ(Record(claim, 0).state, State::kQueued);
}

// Ids of another database name other mail.
TEST_F(IntentJournalTest, DiscardsTheJournalOfAnotherDatabase) {
  ASSERT_OK(Replay());
  const Claim claim = Take(Category::kProgress, 1);
  Reply(HandOver(claim, 0), true);
  Restart();
  store_.database_id = "another";
  ASSERT_OK(Replay());
  EXPECT_EQ(Record(claim, 0).state, State::kSending);
}

TEST_F(IntentJournalTest, AllowsOneProcessAtATime) {
  EXPECT_THAT(IntentJournal::Open(path_, 100), StatusIs(absl::StatusCode::kAlreadyExists));
}

TEST_F(IntentJournalTest, ReplaysAllEntriesAfterItsSizeChanged) {
  for (const std::size_t size : {std::size_t{200}, std::size_t{2}, std::size_t{0}}) {
    const Claim claim = Take(Category::kProgress, 5);
    for (std::size_t i = 0; i < 5; ++i) Reply(HandOver(claim, i), true);
    journal_.reset();
    journal_ = *IntentJournal::Open(path_, size);
    ASSERT_OK(Replay());
    EXPECT_EQ(Record(claim, 4).state, State::kSent) << size;
    EXPECT_EQ(journal_->in_use(), 0);
    Restart();
    ASSERT_OK(Replay());
  }
}

TEST_F(IntentJournalTest, RecordsOnlyClaimsWithoutRoomForMails) {
  journal_.reset();
  journal_ = *IntentJournal::Open(path_, 0);
  ASSERT_OK(Replay());
  const Claim claim = Take(Category::kProgress, 1);
  EXPECT_EQ(HandOver(claim, 0), 0u);
  Restart();
  ASSERT_OK(Replay());
  EXPECT_EQ(Record(claim, 0).state, State::kQueued);
}

}  // namespace
}  // namespace lmsmail::dispatch
