#include <set>
#include <thread>

#include "libs/identity/owned_key.h"
#include "libs/testing/status_matchers.h"
#include "services/dispatch/message/message_id.h"
#include "services/dispatch/message/resource_names.h"
#include "services/dispatch/testing/pg_queue_fixture.h"

namespace lmsmail::dispatch {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Pair;
using ::testing::SizeIs;
using ::testing::UnorderedElementsAre;

std::string Owned(std::string_view key) { return identity::MakeOwnedKey("lms", key); }

class PgQueueAcceptTest : public PgQueueFixture {};

TEST_F(PgQueueAcceptTest, AcceptReturnsTimesOfSendAsStored) {
  Submission tomorrow = Send("later");
  tomorrow.due_time = Now() + absl::Hours(48);
  for (const Submission& submission : {Send("now"), tomorrow}) {
    const Accepted accepted = AcceptOne(submission);
    ASSERT_THAT(accepted.items, SizeIs(1));
    const MessageRecord record = Get(accepted.items[0].id);
    EXPECT_EQ(accepted.items[0].create_time, record.mail.create_time);
    EXPECT_EQ(accepted.items[0].due_time, record.mail.due_time);
  }
}

TEST_F(PgQueueAcceptTest, ClaimReturnsMailAsAccepted) {
  Submission send = Send("pay-1", Lane::kCritical);
  send.language_code = "de";
  send.transport = "smtp-2";
  send.labels = {{"course", "cpp 101"}, {"quote", "a \"b\" \\ {c,d}"}};
  send.items[0].context = std::string("\0\x01\xff bytes", 9);
  send.items[0].target = {Target::Kind::kAddress, "o'hara@example.org"};
  const Accepted accepted = AcceptOne(send);
  ASSERT_THAT(accepted.items, SizeIs(1));
  EXPECT_EQ(accepted.batch, 0);
  EXPECT_FALSE(accepted.replayed);
  EXPECT_FALSE(accepted.items[0].duplicate);

  const Claim claim = Take(Lane::kCritical);
  ASSERT_THAT(claim.mails, SizeIs(1));
  const ClaimedMail& claimed = claim.mails[0];
  EXPECT_EQ(claimed.delivery_count, 1);
  EXPECT_EQ(claimed.attempt, 0);
  EXPECT_FALSE(claimed.cancelled);
  EXPECT_FALSE(claimed.recovered);
  EXPECT_FALSE(claimed.already_sent);
  const Mail& mail = claimed.mail;
  EXPECT_EQ(mail.id, accepted.items[0].id);
  EXPECT_EQ(mail.template_ref, send.template_ref);
  EXPECT_EQ(mail.target, send.items[0].target);
  EXPECT_EQ(mail.lane, Lane::kCritical);
  EXPECT_EQ(mail.context, send.items[0].context);
  EXPECT_EQ(mail.language_code, "de");
  EXPECT_EQ(mail.transport, "smtp-2");
  EXPECT_EQ(mail.labels, send.labels);
  EXPECT_EQ(mail.key, Owned("pay-1"));
  EXPECT_EQ(mail.sender, "lms");
  EXPECT_LE(absl::AbsDuration(mail.expire_time - send.expire_time), absl::Microseconds(1));
  EXPECT_EQ(DayOf(mail.id), DayOf(mail.due_time));
}

TEST_F(PgQueueAcceptTest, MailsOfBatchShareContextLabelsAndRate) {
  Submission batch = Batch("weekly", 2);
  batch.shared_context = "shared";
  batch.labels = {{"week", "48"}};
  batch.max_per_second = 0.5;
  const Accepted accepted = AcceptOne(batch);
  EXPECT_NE(accepted.batch, 0);
  const std::vector<Claim> claims = TakeAll(Lane::kBulk);
  ASSERT_THAT(IdsOf(claims), SizeIs(2));
  for (const Claim& claim : claims) {
    for (const ClaimedMail& claimed : claim.mails) {
      EXPECT_EQ(claimed.mail.batch, accepted.batch);
      EXPECT_EQ(claimed.mail.shared_context, "shared");
      EXPECT_EQ(claimed.mail.labels, batch.labels);
      EXPECT_EQ(claimed.mail.batch_max_per_second, 0.5);
    }
  }
  ASSERT_OK_AND_ASSIGN(const BatchRecord record,
                       log().GetBatch(accepted.batch, absl::InfiniteFuture()));
  EXPECT_EQ(record.max_per_second, 0.5);
}

TEST_F(PgQueueAcceptTest, SameRequestIdAndBodyReplaysFirstResult) {
  const Submission batch = Batch("weekly", 3);
  const Accepted first = AcceptOne(batch);
  const Accepted again = AcceptOne(batch);
  EXPECT_TRUE(again.replayed);
  EXPECT_EQ(again.batch, first.batch);
  ASSERT_THAT(again.items, SizeIs(3));
  for (std::size_t i = 0; i < 3; ++i) {
    EXPECT_EQ(again.items[i].id, first.items[i].id);
    EXPECT_TRUE(again.items[i].duplicate);
  }
  EXPECT_THAT(IdsOf(TakeAll(Lane::kBulk)), SizeIs(3));
}

TEST_F(PgQueueAcceptTest, ConflictConcernsItsSubmissionOnly) {
  const MessageId used = AcceptMail("used");
  Submission other = Send("used");
  other.digest += 1;
  const Submission fine = Send("fine");
  ASSERT_OK_AND_ASSIGN(const auto accepted, queue().Accept({other, fine}, absl::InfiniteFuture()));
  ASSERT_THAT(accepted, SizeIs(2));
  EXPECT_THAT(accepted[0],
              StatusIs(absl::StatusCode::kAlreadyExists, HasSubstr(MessageName(used))));
  EXPECT_OK(accepted[1]);
  EXPECT_THAT(IdsOf(TakeAll(Lane::kTransactional)), SizeIs(2));
}

TEST_F(PgQueueAcceptTest, ConflictOfABatchNamesTheBatch) {
  const Submission batch = Batch("monday", 3);
  const Accepted first = AcceptOne(batch);
  Submission other = batch;
  other.digest += 1;
  ASSERT_OK_AND_ASSIGN(const auto accepted, queue().Accept({other}, absl::InfiniteFuture()));
  ASSERT_THAT(accepted, SizeIs(1));
  EXPECT_THAT(accepted[0],
              StatusIs(absl::StatusCode::kAlreadyExists, HasSubstr(BatchName(first.batch))));
}

TEST_F(PgQueueAcceptTest, AcceptsRequestIdOnceWithinOneCall) {
  const Submission send = Send("twice");
  Submission other = send;
  other.digest += 1;
  ASSERT_OK_AND_ASSIGN(const auto accepted,
                       queue().Accept({send, send, other}, absl::InfiniteFuture()));
  ASSERT_THAT(accepted, SizeIs(3));
  ASSERT_OK(accepted[0]);
  ASSERT_OK(accepted[1]);
  EXPECT_FALSE(accepted[0]->replayed);
  EXPECT_TRUE(accepted[1]->replayed);
  EXPECT_EQ(accepted[1]->items[0].id, accepted[0]->items[0].id);
  EXPECT_THAT(accepted[2], StatusIs(absl::StatusCode::kAlreadyExists));
  EXPECT_THAT(IdsOf(TakeAll(Lane::kTransactional)), SizeIs(1));
}

TEST_F(PgQueueAcceptTest, DedupeKeyHoldsAcrossAndWithinBatches) {
  Submission first = Batch("monday", 3);
  first.items[1].dedupe_key = Owned("week-48/student-1");
  const Accepted before = AcceptOne(first);
  Submission second = Batch("tuesday", 4);
  second.items[0].dedupe_key = Owned("week-48/student-1");
  second.items[1].dedupe_key = Owned("week-48/student-2");
  second.items[3].dedupe_key = Owned("week-48/student-2");
  for (const bool replayed : {false, true}) {
    const Accepted after = AcceptOne(second);
    EXPECT_EQ(after.replayed, replayed);
    ASSERT_THAT(after.items, SizeIs(4));
    EXPECT_EQ(after.items[0].id, before.items[1].id);
    EXPECT_TRUE(after.items[0].duplicate);
    EXPECT_EQ(after.items[1].duplicate, replayed);
    EXPECT_EQ(after.items[2].duplicate, replayed);
    EXPECT_EQ(after.items[3].id, after.items[1].id);
    EXPECT_TRUE(after.items[3].duplicate);
    EXPECT_NE(after.items[2].id, after.items[1].id);
    ASSERT_OK_AND_ASSIGN(const BatchRecord batch,
                         log().GetBatch(after.batch, absl::InfiniteFuture()));
    EXPECT_EQ(batch.accepted, 2) << "mails of the other batch do not count";
  }
  EXPECT_THAT(IdsOf(TakeAll(Lane::kBulk)), SizeIs(5));
  EXPECT_THAT(log().FindByKey("week-48/student-1", absl::InfiniteFuture()),
              IsOkAndHolds(ElementsAre(Pair("lms", before.items[1].id))));
}

TEST_F(PgQueueAcceptTest, RequestIdOfSendIsADedupeKey) {
  const MessageId id = AcceptMail("enrol/7");
  EXPECT_THAT(log().FindByKey("enrol/7", absl::InfiniteFuture()),
              IsOkAndHolds(ElementsAre(Pair("lms", id))));
  EXPECT_THAT(log().FindByKey("enrol/8", absl::InfiniteFuture()), IsOkAndHolds(IsEmpty()));
  EXPECT_THAT(log().FindByKey("enrol/", absl::InfiniteFuture()), IsOkAndHolds(IsEmpty()));
}

TEST_F(PgQueueAcceptTest, KeysBelongToTheirSenders) {
  const MessageId of_lms = AcceptMail("enrol/7");
  Submission other = Send("enrol/7");
  other.request_id = other.items[0].dedupe_key = identity::MakeOwnedKey("crm", "enrol/7");
  other.digest = 99;
  const Accepted of_crm = AcceptOne(other);
  EXPECT_FALSE(of_crm.items[0].duplicate);
  EXPECT_NE(of_crm.items[0].id, of_lms);
  EXPECT_THAT(
      log().FindByKey("enrol/7", absl::InfiniteFuture()),
      IsOkAndHolds(UnorderedElementsAre(Pair("lms", of_lms), Pair("crm", of_crm.items[0].id))));
  EXPECT_EQ(log().Get(of_crm.items[0].id, absl::InfiniteFuture())->mail.sender, "crm");
}

TEST_F(PgQueueAcceptTest, ChunksOfStreamAreOneBatch) {
  const Accepted first = AcceptOne(Batch("stream", 2, 0));
  const Accepted second = AcceptOne(Batch("stream", 3, 1));
  EXPECT_EQ(first.batch, second.batch);
  EXPECT_FALSE(second.replayed);
  EXPECT_TRUE(AcceptOne(Batch("stream", 3, 1)).replayed);
  ASSERT_OK_AND_ASSIGN(const BatchRecord batch,
                       log().GetBatch(first.batch, absl::InfiniteFuture()));
  EXPECT_EQ(batch.accepted, 5);
  EXPECT_EQ(batch.request_id, Owned("stream"));
  EXPECT_THAT(log().GetBatch(first.batch + 1000, absl::InfiniteFuture()),
              StatusIs(absl::StatusCode::kNotFound));
}

TEST_F(PgQueueAcceptTest, AcceptsManySubmissionsInOneCall) {
  std::vector<Submission> submissions;
  for (int i = 0; i < 150; ++i) submissions.push_back(Send("send-" + std::to_string(i)));
  submissions.push_back(Batch("batch", 200));
  ASSERT_OK_AND_ASSIGN(const auto accepted, queue().Accept(submissions, absl::InfiniteFuture()));
  std::set<MessageId> ids;
  for (const auto& one : accepted) {
    ASSERT_OK(one);
    for (const Accepted::Item& item : one->items) ids.insert(item.id);
  }
  EXPECT_THAT(ids, SizeIs(350));
  Advance(absl::Seconds(1));
  EXPECT_THAT(IdsOf(TakeAll(Lane::kTransactional)), SizeIs(150));
  EXPECT_THAT(IdsOf(TakeAll(Lane::kBulk)), SizeIs(200));
}

TEST_F(PgQueueAcceptTest, ConcurrentCallsWithOneRequestIdAcceptOnce) {
  const Submission batch = Batch("twins", 20);
  std::vector<Accepted> results(4);
  std::vector<std::thread> callers;
  for (Accepted& result : results) {
    callers.emplace_back([&] { result = AcceptOne(batch); });
  }
  for (std::thread& caller : callers) caller.join();
  int accepted = 0;
  for (const Accepted& result : results) {
    if (!result.replayed) ++accepted;
    ASSERT_THAT(result.items, SizeIs(20));
    EXPECT_EQ(result.items[7].id, results[0].items[7].id);
  }
  EXPECT_EQ(accepted, 1);
  EXPECT_THAT(IdsOf(TakeAll(Lane::kBulk)), SizeIs(20));
}

TEST_F(PgQueueAcceptTest, RefusesTooManyOrNoItems) {
  EXPECT_THAT(queue().Accept({Batch("large", 1001)}, absl::InfiniteFuture()),
              StatusIs(absl::StatusCode::kInvalidArgument));
  EXPECT_THAT(queue().Accept({Batch("empty", 0)}, absl::InfiniteFuture()),
              StatusIs(absl::StatusCode::kInvalidArgument));
  EXPECT_OK(queue().Accept({}, absl::InfiniteFuture()));
}

TEST_F(PgQueueAcceptTest, PastDueTimeMeansNow) {
  Submission late = Send("late");
  late.due_time = Now() - absl::Hours(100);
  const MessageId id = AcceptOne(late).items[0].id;
  EXPECT_GT(Get(id).mail.due_time, Now() - absl::Minutes(1));
  EXPECT_THAT(IdsOf(TakeAll(Lane::kTransactional)), ElementsAre(id));
}

TEST_F(PgQueueAcceptTest, MailWaitsForItsDueTime) {
  Submission later = Send("later");
  later.due_time = Now() + absl::Hours(2);
  const MessageId id = AcceptOne(later).items[0].id;
  EXPECT_EQ(StateOf(id), State::kScheduled);
  EXPECT_THAT(TakeAll(Lane::kTransactional), IsEmpty());
  ASSERT_OK_AND_ASSIGN(const auto next, queue().NextDue(kLanes));
  ASSERT_TRUE(next.has_value());
  EXPECT_LT(absl::AbsDuration(*next - later.due_time), absl::Seconds(1));
  Advance(absl::Hours(2) + absl::Seconds(1));
  EXPECT_EQ(StateOf(id), State::kQueued);
  EXPECT_THAT(IdsOf(TakeAll(Lane::kTransactional)), ElementsAre(id));
}

TEST_F(PgQueueAcceptTest, MailOfLaterDayIsPromoted) {
  Submission later = Batch("newsletter", 3);
  later.due_time = Now() + absl::Hours(24 * 20);
  later.shared_context = "shared";
  const Accepted accepted = AcceptOne(later);
  EXPECT_EQ(StateOf(accepted.items[0].id), State::kScheduled);
  EXPECT_THAT(queue().Promote(absl::InfiniteFuture()), IsOkAndHolds(0));
  ASSERT_OK_AND_ASSIGN(auto depths, queue().Depths(absl::InfiniteFuture()));
  EXPECT_EQ(depths[3].scheduled, 3);
  Advance(absl::Hours(24 * 19 + 1));
  EXPECT_EQ(Get(accepted.items[0].id).mail.shared_context, "shared");
  EXPECT_THAT(queue().Promote(absl::InfiniteFuture()), IsOkAndHolds(3));
  EXPECT_EQ(StateOf(accepted.items[0].id), State::kScheduled);
  Advance(absl::Hours(24));
  const std::vector<Claim> claims = TakeAll(Lane::kBulk);
  EXPECT_THAT(IdsOf(claims), SizeIs(3));
  for (const Claim& claim : claims) FlushAll(claim, Outcome::Kind::kSent);
  EXPECT_EQ(StateOf(accepted.items[2].id), State::kSent);
}

}  // namespace
}  // namespace lmsmail::dispatch
