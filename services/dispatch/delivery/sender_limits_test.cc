#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "libs/testing/status_matchers.h"
#include "services/dispatch/testing/delivery_results.h"
#include "services/dispatch/testing/sender_fixture.h"

namespace lmsmail::dispatch {
namespace {

using testing::SizeIs;

// Ten mails a second go to gmail; nothing else is limited.
class SenderLimitsTest : public SenderFixture {
 protected:
  SenderLimitsTest()
      : SenderFixture({.domain_groups = {{"gmail", {{"gmail.com"}, {.per_second = 10}}}}}) {}

  std::vector<MessageId> AcceptFor(const std::string& domain, int count) {
    std::vector<MessageId> ids;
    for (int i = 0; i < count; ++i) {
      const std::string name = domain + "-" + std::to_string(i);
      Verdict verdict = FakeRecipientCheck::Allowed({Target::Kind::kRecipient, name});
      verdict.recipient.address =
          *address::ParseEmailAddress("s" + std::to_string(i) + "@" + domain);
      recipients_.Set("recipients/" + name, verdict);
      ids.push_back(Accept(name));
    }
    return ids;
  }
  int SentTo(const std::string& domain) {
    const std::string suffix = "@" + domain;
    int count = 0;
    for (const OutgoingMail& mail : transport_.mails()) count += mail.recipient.ends_with(suffix);
    return count;
  }
  // As the worker does, until `until` has passed.
  void SendFor(absl::Duration until) {
    for (const absl::Time end = clock_.Now() + until; clock_.Now() < end;) {
      SendDue();
      delays_.RunDue();
      EXPECT_TRUE(flusher_.FlushAll());
      clock_.Advance(absl::Milliseconds(20));
    }
  }
};

TEST_F(SenderLimitsTest, MailOverALimitDoesNotDelayOtherMail) {
  AcceptFor("gmail.com", 50);
  const auto others = AcceptFor("school.example", 30);
  SendDue();
  EXPECT_EQ(SentTo("school.example"), 30);
  EXPECT_LE(SentTo("gmail.com"), 3);
  for (const MessageId id : others) EXPECT_EQ(Record(id).state, State::kSent);
}

TEST_F(SenderLimitsTest, WaitsForItsPositionAndCountsNoAttempt) {
  const auto ids = AcceptFor("gmail.com", 50);
  SendDue();
  const MessageRecord waiting = Record(ids.back());
  EXPECT_EQ(waiting.state, State::kQueued);
  EXPECT_EQ(waiting.reason, Reason::kRateLimited);
  EXPECT_EQ(waiting.attempt_count, 0);
  EXPECT_NEAR(absl::ToDoubleSeconds(waiting.next_attempt_time.value() - clock_.Now()), 5, 0.5);
  EXPECT_THAT(waiting.detail, testing::HasSubstr("domain:gmail"));
}

TEST_F(SenderLimitsTest, SendsAllMailAtTheRateWithAtMostOneMoreWrite) {
  const auto ids = AcceptFor("gmail.com", 80);
  SendFor(absl::Seconds(4));
  EXPECT_NEAR(SentTo("gmail.com"), 41, 4);
  SendFor(absl::Seconds(5));
  EXPECT_EQ(SentTo("gmail.com"), 80);
  for (const MessageId id : ids) {
    EXPECT_EQ(Record(id).state, State::kSent);
    EXPECT_EQ(Record(id).attempt_count, 1);
    EXPECT_LE(store_.OutcomeCount(id), 2) << "deferred once, sent once";
  }
}

TEST_F(SenderLimitsTest, SendsABatchAtItsMaxRate) {
  Submission batch;
  batch.request_id = "slowly";
  batch.batch = true;
  batch.template_ref = {"enrollment", 1, Category::kEnrollment};
  batch.lane = Lane::kTransactional;
  batch.due_time = clock_.Now();
  batch.expire_time = clock_.Now() + absl::Hours(1);
  batch.max_per_second = 2;
  for (int i = 0; i < 12; ++i) {
    batch.items.push_back({{Target::Kind::kRecipient, "recipients/b" + std::to_string(i)}, "", ""});
  }
  ASSERT_OK(store_.Accept({batch}, absl::InfiniteFuture())->front());
  const MessageId other = Accept("other");
  SendFor(absl::Seconds(3));
  EXPECT_EQ(Record(other).state, State::kSent);
  EXPECT_NEAR(static_cast<int>(transport_.mails().size()), 1 + 7, 1);
  SendFor(absl::Seconds(4));
  EXPECT_THAT(transport_.mails(), SizeIs(1 + 12));
}

TEST_F(SenderLimitsTest, LaterMailGoesToTheEndOfTheWaitlist) {
  AcceptFor("gmail.com", 50);
  SendDue();
  const MessageId late = Accept("late");
  Verdict verdict = FakeRecipientCheck::Allowed({Target::Kind::kRecipient, "late"});
  verdict.recipient.address = *address::ParseEmailAddress("late@gmail.com");
  recipients_.Set("recipients/late", verdict);
  SendDue();
  EXPECT_GE(Record(late).next_attempt_time.value(), clock_.Now() + absl::Seconds(4));
}

TEST_F(SenderLimitsTest, MailThatWouldWaitPastItsExpireTimeExpires) {
  const auto ids = AcceptFor("gmail.com", 90);
  SendDue();
  clock_.Advance(absl::Hours(49));
  SendDue();
  EXPECT_EQ(Record(ids.back()).state, State::kExpired);
}

TEST_F(SenderLimitsTest, StopReleasesMailThatWaitsForAPermit) {
  const auto ids = AcceptFor("gmail.com", 50);
  sender_.Process(Take());
  sender_.Stop();
  delays_.Stop();
  EXPECT_TRUE(flusher_.FlushAll());
  EXPECT_EQ(store_.InFlightCount(), 0);
  EXPECT_LE(SentTo("gmail.com"), 3);
  for (const MessageId id : ids) EXPECT_LE(Record(id).attempt_count, 1);
  EXPECT_THAT(transport_.mails(), SizeIs(SentTo("gmail.com")));
}

TEST_F(SenderLimitsTest, ThrottledTransportSlowsDownWithoutLosingMail) {
  transport_.SetResult(Replied(421, "4.7.0", "slow down"));
  const auto refused = AcceptFor("a.example", 60);
  SendDue();
  transport_.SetResult(Replied(250, "2.0.0", "queued"));
  const std::size_t before = transport_.mails().size();
  const auto next = AcceptFor("b.example", 60);
  SendDue();
  EXPECT_LT(transport_.mails().size() - before, 30u) << "slower than before";
  // First retries come within minutes, and by then the rate is back.
  SendFor(absl::Minutes(2));
  for (const MessageId id : next) EXPECT_EQ(Record(id).state, State::kSent);
  for (const MessageId id : refused) EXPECT_EQ(Record(id).state, State::kSent);
}

}  // namespace
}  // namespace lmsmail::dispatch
