#include <map>

#include "libs/identity/owned_key.h"
#include "libs/testing/status_matchers.h"
#include "services/dispatch/testing/pg_queue_fixture.h"

namespace lmsmail::dispatch {
namespace {

using ::testing::IsEmpty;
using ::testing::SizeIs;

using Kind = Outcome::Kind;

using enum EventType;

class PgMessageLogTest : public PgQueueFixture {};

TEST_F(PgMessageLogTest, ExplainReturnsHistoryOfMail) {
  const MessageId id = AcceptMail("story");
  const Claim first = Take();
  ASSERT_THAT(first.mails, SizeIs(1));
  ASSERT_OK_AND_ASSIGN(History history, log().Explain(id, absl::InfiniteFuture()));
  EXPECT_EQ(history.record.state, State::kSending);
  EXPECT_TRUE(history.claimed.has_value());
  EXPECT_THAT(history.outcomes, IsEmpty());

  Outcome deferred = OutcomeOf(first.mails[0], Kind::kDeferred, Reason::kDeferredByServer);
  deferred.retry_time = Now() + absl::Minutes(5);
  deferred.reply_code = 450;
  Flush(first, {deferred});
  Advance(absl::Minutes(6));
  FlushAll(Take(), Kind::kSent);
  ASSERT_OK_AND_ASSIGN(history, log().Explain(id, absl::InfiniteFuture()));
  EXPECT_EQ(history.record.state, State::kSent);
  EXPECT_FALSE(history.claimed.has_value());
  ASSERT_THAT(history.outcomes, SizeIs(2));
  EXPECT_EQ(history.outcomes[0].outcome.kind, Kind::kDeferred);
  EXPECT_EQ(history.outcomes[0].outcome.reply_code, 450);
  EXPECT_EQ(history.outcomes[0].outcome.reason, Reason::kDeferredByServer);
  EXPECT_EQ(history.outcomes[1].outcome.delivery_count, 2);
  EXPECT_EQ(history.outcomes[1].outcome.transport, "smtp");
  EXPECT_EQ(history.outcomes[1].outcome.enhanced_code, "2.0.0");
  EXPECT_THAT(log().Explain(12345, absl::InfiniteFuture()), StatusIs(absl::StatusCode::kNotFound));
}

TEST_F(PgMessageLogTest, CountsOutcomesOfBatch) {
  const Accepted accepted = AcceptOne(Batch("weekly", 4));
  const std::vector<Claim> claims = TakeAll(Lane::kBulk);
  ASSERT_THAT(claims, SizeIs(1));
  const std::vector<ClaimedMail>& mails = claims[0].mails;
  ASSERT_THAT(mails, SizeIs(4));
  Outcome deferred = OutcomeOf(mails[3], Kind::kDeferred);
  deferred.retry_time = Now() + absl::Hours(1);
  Flush(claims[0], {OutcomeOf(mails[0], Kind::kSent), OutcomeOf(mails[1], Kind::kSent),
                    OutcomeOf(mails[2], Kind::kSkipped, Reason::kUnsubscribed), deferred});
  ASSERT_OK_AND_ASSIGN(BatchRecord batch, log().GetBatch(accepted.batch, absl::InfiniteFuture()));
  EXPECT_EQ(batch.accepted, 4);
  EXPECT_EQ(batch.template_ref.key, "weekly_progress");
  EXPECT_FALSE(batch.cancelled);
  ASSERT_THAT(batch.counts, SizeIs(2));
  EXPECT_EQ(batch.counts[0].kind, Kind::kSent);
  EXPECT_EQ(batch.counts[0].count, 2);
  EXPECT_EQ(batch.counts[1].reason, Reason::kUnsubscribed);
  EXPECT_EQ(batch.counts[1].count, 1);
  EXPECT_NEAR(batch.recent_per_second, 3.0 / 60, 1e-9);

  ASSERT_OK(queue().Retry(mails[2].mail.id, "again", absl::InfiniteFuture()));
  ASSERT_OK_AND_ASSIGN(batch, log().GetBatch(accepted.batch, absl::InfiniteFuture()));
  EXPECT_THAT(batch.counts, SizeIs(1)) << "a retried mail has no outcome yet";
  Advance(absl::Minutes(10));
  ASSERT_OK(queue().Maintain());
  ASSERT_OK_AND_ASSIGN(batch, log().GetBatch(accepted.batch, absl::InfiniteFuture()));
  EXPECT_EQ(batch.accepted, 4) << "compaction keeps the counts";
  ASSERT_THAT(batch.counts, SizeIs(1));
  EXPECT_EQ(batch.counts[0].count, 2);
  EXPECT_EQ(batch.recent_per_second, 0);
}

TEST_F(PgMessageLogTest, FindsRequests) {
  ASSERT_OK_AND_ASSIGN(auto known, log().FindRequest("unknown", absl::InfiniteFuture()));
  EXPECT_FALSE(known.has_value());
  const MessageId mail = AcceptMail("one");
  ASSERT_OK_AND_ASSIGN(
      known, log().FindRequest(identity::MakeOwnedKey("lms", "one"), absl::InfiniteFuture()));
  ASSERT_TRUE(known.has_value());
  EXPECT_FALSE(known->batch);
  EXPECT_EQ(known->digest, Send("one").digest);
  EXPECT_EQ(known->first, mail);

  // The first chunks of this batch had nothing to accept.
  const Accepted accepted = AcceptOne(Batch("many", 3, 2));
  ASSERT_OK_AND_ASSIGN(
      known, log().FindRequest(identity::MakeOwnedKey("lms", "many"), absl::InfiniteFuture()));
  ASSERT_TRUE(known.has_value());
  EXPECT_TRUE(known->batch);
  EXPECT_EQ(known->template_ref, Batch("many", 1).template_ref);
  EXPECT_EQ(known->first, accepted.items[0].id);
}

TEST_F(PgMessageLogTest, KeepsTheHashOfTheAddressWithTheOutcome) {
  const MessageId id = AcceptMail("refused");
  const Claim claim = Take();
  Outcome outcome = OutcomeOf(claim.mails[0], Kind::kFailed, Reason::kRecipientRejected);
  outcome.address_hash = std::string("\0hash of address", 16);
  Flush(claim, {outcome});
  ASSERT_OK_AND_ASSIGN(const auto reports,
                       log().AddressReports(Now() - absl::Hours(1), absl::InfiniteFuture()));
  ASSERT_THAT(reports, SizeIs(1));
  EXPECT_EQ(reports[0].address_hash, outcome.address_hash);
  ASSERT_OK_AND_ASSIGN(const History history, log().Explain(id, absl::InfiniteFuture()));
  EXPECT_EQ(history.outcomes[0].outcome.address_hash, outcome.address_hash);
}

TEST_F(PgMessageLogTest, CountsOutcomesByDay) {
  const MessageId sent = Ended("1", Kind::kSent);
  Ended("2", Kind::kFailed, Reason::kRecipientRejected);
  Ended("3", Kind::kFailed, Reason::kRenderFailed);
  Ended("4", Kind::kSkipped);
  Ended("5", Kind::kExpired);
  ASSERT_OK(log().RecordEvents({{"b", kBounced, sent, Now(), ""},
                                {"o1", kOpened, sent, Now(), ""},
                                {"o2", kOpened, sent, Now(), ""}},
                               absl::InfiniteFuture()));
  AcceptBatch("weekly", 1);
  for (const Claim& claim : TakeAll(Lane::kBulk)) FlushAll(claim, Kind::kSent);

  const auto stats = [&](std::string_view key) {
    auto days = log().Stats(Now() - absl::Hours(24 * 3), Now() + absl::Hours(1), key,
                            absl::InfiniteFuture());
    EXPECT_OK(days);
    // The test may run across midnight.
    std::map<std::string, DayStats> sum;
    for (const DayStats& day : days.ok() ? *days : std::vector<DayStats>()) {
      DayStats& total = sum[day.template_key];
      total.sent += day.sent;
      total.failed += day.failed;
      total.bounced += day.bounced;
      total.skipped += day.skipped;
      total.dropped += day.dropped;
      total.opened += day.opened;
    }
    return sum;
  };
  const auto check = [&] {
    EXPECT_THAT(stats(""), SizeIs(2));
    DayStats day = stats("enrollment")["enrollment"];
    EXPECT_EQ(day.sent, 1);
    EXPECT_EQ(day.failed, 2);
    EXPECT_EQ(day.bounced, 2);
    EXPECT_EQ(day.skipped, 1);
    EXPECT_EQ(day.dropped, 1);
    EXPECT_EQ(day.opened, 1);
    EXPECT_EQ(stats("weekly_progress")["weekly_progress"].sent, 1);
  };
  check();
  Advance(absl::Hours(30));
  ASSERT_OK(queue().Maintain());
  ASSERT_OK(queue().Maintain());
  check();
}

TEST_F(PgMessageLogTest, CountsLastMinuteAndHour) {
  Ended("1", Kind::kSent);
  Ended("2", Kind::kSent);
  Ended("3", Kind::kFailed);
  ASSERT_OK_AND_ASSIGN(MessageLog::Recent recent, log().RecentOutcomes(absl::InfiniteFuture()));
  ASSERT_THAT(recent.sent_per_second, SizeIs(1));
  EXPECT_EQ(recent.sent_per_second[0].first, Lane::kTransactional);
  EXPECT_NEAR(recent.sent_per_second[0].second, 2.0 / 60, 1e-9);
  ASSERT_THAT(recent.last_hour, SizeIs(2));
  EXPECT_EQ(recent.last_hour[0], std::pair(State::kSent, std::int64_t{2}));
  Advance(absl::Hours(2));
  ASSERT_OK_AND_ASSIGN(recent, log().RecentOutcomes(absl::InfiniteFuture()));
  EXPECT_THAT(recent.last_hour, IsEmpty());
}

}  // namespace
}  // namespace lmsmail::dispatch
