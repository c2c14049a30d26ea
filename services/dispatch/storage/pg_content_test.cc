#include <fmt/format.h>
#include <gmock/gmock.h>

#include <map>
#include <string>
#include <thread>
#include <vector>

#include "libs/testing/status_matchers.h"
#include "services/dispatch/message/message_id.h"
#include "services/dispatch/testing/pg_queue_fixture.h"

namespace lmsmail::dispatch {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

using Kind = Outcome::Kind;

constexpr char kAddress[] = "amira.haddad@students.example";
constexpr absl::Duration kDay = absl::Hours(24);

// Personal content leaves the log before the outcomes do.
class ContentTest : public PgQueueFixture {
 protected:
  // To a bare address, with a name in its context.
  Submission Personal(const std::string& request_id, Category category = Category::kPayment) {
    Submission submission = Send(request_id);
    submission.template_ref.category = category;
    submission.items[0].target = {Target::Kind::kAddress, kAddress};
    submission.items[0].context = "Dear Amira, your zither lesson";
    return submission;
  }
  // Accepts, claims and ends it. What the server answers has the address.
  MessageId EndPersonal(const Submission& submission, Kind kind = Kind::kSent) {
    const MessageId id = AcceptOne(submission).items.at(0).id;
    const Claim claim = Take(submission.lane);
    std::vector<Outcome> outcomes;
    for (const ClaimedMail& claimed : claim.mails) {
      outcomes.push_back(OutcomeOf(claimed, kind));
      outcomes.back().reply_text = fmt::format("250 2.1.5 <{}> Amira's", kAddress);
      outcomes.back().address_hash = "0123456789abcdef";
      outcomes.back().content_hash = std::string(32, 'h');
    }
    Flush(claim, outcomes);
    return id;
  }
  // As if all mail of today were due before the retention of these categories. Returns how many
  // mails lost their content.
  int DropToday(const std::vector<Category>& categories = {kCategories.begin(),
                                                           kCategories.end()}) {
    return DropBefore(Now() + kDay, categories);
  }
  int DropBefore(absl::Time time, const std::vector<Category>& categories) {
    std::map<Category, absl::Time> before;
    for (const Category category : categories) before[category] = time;
    int dropped = 0;
    for (;;) {
      const auto step = queue().DropContent(before);
      EXPECT_OK(step);
      if (!step.ok()) return -1;
      dropped += step->mails;
      if (!step->more) return dropped;
    }
  }
  // The columns of the schema in which any text of `words` is found.
  std::vector<std::string> ColumnsWith(const std::vector<std::string>& words) {
    std::string found;
    for (const std::string& word : words) {
      found += Query(fmt::format("SELECT columns_with('{}')", word));
    }
    std::vector<std::string> columns;
    std::size_t begin = 0;
    for (std::size_t end; (end = found.find(' ', begin)) != std::string::npos; begin = end + 1) {
      columns.push_back(found.substr(begin, end - begin));
    }
    return columns;
  }
  void AddSearch() {
    database().Execute(R"(
      CREATE FUNCTION columns_with(p_word text) RETURNS text LANGUAGE plpgsql SECURITY DEFINER
      SET search_path = dispatch AS $$
      DECLARE c record; v_found bool; v_all text := '';
      BEGIN
        FOR c IN SELECT a.attrelid::regclass AS t, a.attname AS n, a.atttypid = 'bytea'::regtype AS b
                   FROM pg_attribute a JOIN pg_class r ON r.oid = a.attrelid
                  WHERE r.relnamespace = 'dispatch'::regnamespace AND r.relkind = 'r'
                    AND a.attnum > 0 AND NOT a.attisdropped ORDER BY 1, 2 LOOP
          EXECUTE format('SELECT EXISTS (SELECT FROM %s WHERE strpos(%s, %L) > 0)', c.t,
                         CASE WHEN c.b THEN format('encode(%I, ''escape'')', c.n)
                              ELSE format('%I::text', c.n) END, p_word) INTO v_found;
          IF v_found THEN v_all := v_all || c.t || '.' || c.n || ' '; END IF;
        END LOOP;
        RETURN v_all;
      END $$)");
  }
  const std::vector<std::string> personal_ = {kAddress, "amira", "Amira", "zither"};
};

TEST_F(ContentTest, NothingPersonalIsLeftAnywhere) {
  AddSearch();
  const MessageId id = EndPersonal(Personal("receipt-1"));
  Submission batch = Batch("weekly", 1);
  batch.shared_context = "Amira's zither course";
  batch.items[0].target = {Target::Kind::kAddress, kAddress};
  batch.items[0].context = "Amira";
  EndPersonal(batch, Kind::kFailed);
  ASSERT_OK(log().RecordEvents(
      {{"e1", EventType::kBounced, id, Now(), fmt::format("550 {} is gone", kAddress)}},
      absl::InfiniteFuture()));
  ASSERT_THAT(ColumnsWith(personal_), testing::Not(IsEmpty()));

  EXPECT_EQ(DropToday(), 2);
  EXPECT_THAT(ColumnsWith(personal_), IsEmpty());
  ASSERT_OK(log().RecordEvents(
      {{"e2", EventType::kComplained, id, Now(), fmt::format("from {}", kAddress)}},
      absl::InfiniteFuture()));
  EXPECT_THAT(ColumnsWith(personal_), IsEmpty()) << "a late report brings nothing back";
  EXPECT_EQ(DropToday(), 0);

  // The outcomes follow. What is left are counts.
  ASSERT_OK(queue().Purge(Now() + kDay * kPartitionDays, false, absl::InfiniteFuture()));
  while (queue().ForgetKeys().value_or(false)) {
  }
  for (const char* table : {"message", "scheduled", "queue", "claim", "result", "event",
                            "event_key", "batch", "request", "dedupe", "cancellation", "retry",
                            "content_day", "content_left", "purged_partition"}) {
    if (std::string_view(table) == "content_day") continue;  // of days that were not purged
    EXPECT_EQ(Query(fmt::format("SELECT count(*) FROM {}", table)), "0") << table;
  }
  EXPECT_NE(Query("SELECT count(*) FROM counter"), "0");
}

TEST_F(ContentTest, TheOutcomeStays) {
  Submission submission = Personal("receipt-1");
  submission.labels = {{"course", "zither-101"}};
  const MessageId id = EndPersonal(submission);
  const MessageRecord before = Get(id);
  ASSERT_EQ(DropToday(), 1);
  const MessageRecord after = Get(id);
  EXPECT_TRUE(after.mail.content_drop_time.has_value());
  EXPECT_EQ(after.mail.target, (Target{Target::Kind::kAddress, ""}));
  EXPECT_EQ(after.mail.context, "");
  EXPECT_EQ(after.detail, "");
  EXPECT_EQ(after.state, State::kSent);
  EXPECT_EQ(after.update_time, before.update_time);
  EXPECT_EQ(after.mail.key, before.mail.key);
  EXPECT_EQ(after.mail.template_ref, before.mail.template_ref);
  EXPECT_EQ(after.mail.labels, before.mail.labels);
  EXPECT_EQ(after.content_hash, before.content_hash);
  ASSERT_OK_AND_ASSIGN(const History history, log().Explain(id, absl::InfiniteFuture()));
  ASSERT_THAT(history.outcomes, SizeIs(1));
  EXPECT_EQ(history.outcomes[0].outcome.reply_code, 250);
  EXPECT_EQ(history.outcomes[0].outcome.enhanced_code, "2.0.0");
  EXPECT_EQ(history.outcomes[0].outcome.address_hash, "");
  EXPECT_TRUE(AcceptOne(submission).replayed);
}

TEST_F(ContentTest, MailToARecipientIsStillFound) {
  const MessageId id = Ended("amira", Kind::kSent);
  ASSERT_EQ(DropToday(), 1);
  MessageFilter filter;
  filter.target = Target{Target::Kind::kRecipient, "recipients/amira"};
  filter.start = Now() - kDay;
  filter.end = Now() + kDay;
  ASSERT_OK_AND_ASSIGN(const MessageLog::Page page,
                       log().List(filter, std::nullopt, 10, absl::InfiniteFuture()));
  ASSERT_THAT(page.records, SizeIs(1));
  EXPECT_EQ(page.records[0].mail.id, id);
  EXPECT_TRUE(page.records[0].mail.content_drop_time.has_value());
}

TEST_F(ContentTest, MailThatIsNotDueForItKeepsItsContent) {
  const MessageId payment = EndPersonal(Personal("p", Category::kPayment));
  const MessageId demo = EndPersonal(Personal("d", Category::kDemo));
  EXPECT_EQ(DropBefore(Now(), {Category::kDemo}), 0) << "today is not over";
  EXPECT_EQ(DropToday({Category::kDemo}), 1);
  EXPECT_FALSE(Get(payment).mail.content_drop_time.has_value());
  EXPECT_TRUE(Get(demo).mail.content_drop_time.has_value());
  EXPECT_EQ(DropToday({Category::kDemo, Category::kPayment}), 1);
  EXPECT_TRUE(Get(payment).mail.content_drop_time.has_value());
}

TEST_F(ContentTest, MailThatWaitsIsHeldOrUncertainKeepsWhatItNeeds) {
  const MessageId uncertain = EndPersonal(Personal("uncertain"), Kind::kUncertain);
  const MessageId retried = EndPersonal(Personal("retried"), Kind::kFailed);
  ASSERT_OK(queue().Retry(retried, "again", absl::InfiniteFuture()));
  const Claim claim = Take(Lane::kTransactional, 1);
  ASSERT_THAT(claim.mails, SizeIs(1));
  const MessageId waiting = AcceptOne(Personal("waiting")).items[0].id;
  Submission later = Personal("scheduled");
  later.due_time = Now() + absl::Hours(24 * 40);
  const MessageId scheduled = AcceptOne(later).items[0].id;
  EXPECT_EQ(DropToday(), 0);
  for (const MessageId id : {uncertain, retried, waiting, scheduled}) {
    EXPECT_EQ(Get(id).mail.target.value, kAddress) << id;
    EXPECT_EQ(Get(id).mail.context, "Dear Amira, your zither lesson");
  }
  // What they wait for comes; a day later they are looked at again.
  FlushAll(claim, Kind::kFailed);
  FlushAll(Take(), Kind::kDeferred);
  ASSERT_OK(log().RecordEvents({{"e", EventType::kDelivered, uncertain, Now(), ""}},
                               absl::InfiniteFuture()));
  EXPECT_EQ(DropToday(), 0);
  Advance(kDay + absl::Seconds(1));
  EXPECT_EQ(DropToday(), 2);
  EXPECT_TRUE(Get(uncertain).mail.content_drop_time.has_value());
  EXPECT_TRUE(Get(retried).mail.content_drop_time.has_value());
  EXPECT_EQ(Get(waiting).mail.target.value, kAddress) << "it was deferred";
  FlushAll(Take(), Kind::kSent);
  Advance(kDay + absl::Seconds(1));
  EXPECT_EQ(DropToday(), 1);
  EXPECT_EQ(Query("SELECT count(*) FROM content_left"), "0");
}

TEST_F(ContentTest, RetryTellsThatTheContentIsGone) {
  const MessageId id = EndPersonal(Personal("failed"), Kind::kFailed);
  ASSERT_EQ(DropToday(), 1);
  Advance(kDay * 31);
  EXPECT_THAT(queue().Retry(id, "again", absl::InfiniteFuture()),
              StatusIs(absl::StatusCode::kFailedPrecondition,
                       HasSubstr("content was dropped 0 days after it was due")));
  EXPECT_EQ(StateOf(id), State::kFailed);
}

TEST_F(ContentTest, ABatchKeepsWhatItsMailsShareUntilNoneNeedsIt) {
  Submission batch = Batch("weekly", 2);
  batch.shared_context = "shared";
  AcceptOne(batch);
  const std::string shared = "SELECT shared_context IS NOT NULL FROM batch";
  const Claim claim = Take(Lane::kBulk);
  ASSERT_THAT(claim.mails, SizeIs(2));
  Flush(claim,
        {OutcomeOf(claim.mails[0], Kind::kSent), OutcomeOf(claim.mails[1], Kind::kUncertain)});
  EXPECT_EQ(DropToday(), 1);
  EXPECT_EQ(Query(shared), "t");
  ASSERT_OK(log().RecordEvents({{"e", EventType::kDelivered, claim.mails[1].mail.id, Now(), ""}},
                               absl::InfiniteFuture()));
  Advance(kDay + absl::Seconds(1));
  EXPECT_EQ(DropToday(), 1);
  Advance(kDay + absl::Seconds(1));
  EXPECT_EQ(DropToday(), 0);
  EXPECT_EQ(Query(shared), "f");
  // A stream that is repeated from the start is recognized; its rest can't be added any more.
  EXPECT_TRUE(AcceptOne(batch).replayed);
  Submission rest = Batch("weekly", 2, /*chunk=*/1);
  EXPECT_THAT(queue().Accept({rest}, absl::InfiniteFuture()),
              StatusIs(absl::StatusCode::kFailedPrecondition, HasSubstr("another batch")));
}

TEST_F(ContentTest, ABatchOfSeveralDaysWaitsForTheLast) {
  Submission batch = Batch("weekly", 1);
  batch.shared_context = "shared";
  AcceptOne(batch);
  Submission last = Batch("weekly", 1, /*chunk=*/1);
  last.shared_context = "shared";
  last.due_time = Now() + absl::Hours(24 * 40);
  AcceptOne(last);
  FlushAll(Take(Lane::kBulk), Kind::kSent);
  EXPECT_EQ(DropToday(), 1);
  EXPECT_EQ(Query("SELECT shared_context IS NOT NULL FROM batch"), "t");
}

TEST_F(ContentTest, CountsStayExact) {
  const Accepted accepted = AcceptOne(Batch("weekly", 3));
  for (const Claim& claim : TakeAll(Lane::kBulk)) FlushAll(claim, Kind::kSent);
  ASSERT_OK(log().RecordEvents({{"e", EventType::kDelivered, accepted.items[0].id, Now(), ""}},
                               absl::InfiniteFuture()));
  const std::string counts = "SELECT string_agg(c::text, ' ' ORDER BY c::text) FROM counter c";
  const std::string before = Query(counts);
  EXPECT_EQ(DropToday(), 3);
  EXPECT_EQ(Query(counts), before);
  ASSERT_OK_AND_ASSIGN(const BatchRecord batch,
                       log().GetBatch(accepted.batch, absl::InfiniteFuture()));
  ASSERT_THAT(batch.counts, SizeIs(1));
  EXPECT_EQ(batch.counts[0].count, 3);
  EXPECT_EQ(batch.delivered, 1);
}

// A step is short, and the next one, of any replica, goes on where it ended.
TEST_F(ContentTest, ManyMailsTakeManyStepsOfAnyReplica) {
  for (int chunk = 0; chunk < 5; ++chunk) AcceptOne(Batch("many", 1000, chunk));
  for (const Claim& claim : TakeAll(Lane::kBulk, 1000)) FlushAll(claim, Kind::kSent);
  const std::map<Category, absl::Time> before = {{Category::kProgress, Now() + kDay}};
  ASSERT_OK_AND_ASSIGN(QueueStore::DroppedContent step, queue().DropContent(before));
  while (step.mails == 0 && step.more) {  // the days before
    ASSERT_OK_AND_ASSIGN(step, queue().DropContent(before));
  }
  EXPECT_LT(step.mails, 5000);
  EXPECT_EQ(Query("SELECT count(*) FROM message WHERE content_drop_time IS NOT NULL"),
            fmt::format("{}", step.mails));
  Reconnect();
  std::vector<std::thread> replicas;
  for (int i = 0; i < 3; ++i) {
    replicas.emplace_back([&] {
      for (int steps = 0; steps < 20; ++steps) EXPECT_OK(queue().DropContent(before));
    });
  }
  for (std::thread& replica : replicas) replica.join();
  DropToday({Category::kProgress});
  EXPECT_EQ(Query("SELECT count(*) FROM message WHERE content_drop_time IS NULL"), "0");
  EXPECT_EQ(Query("SELECT count(*) FROM message WHERE context IS NOT NULL"), "0");
}

// RetryMessage either comes before a step, and the mail keeps its content, or after it.
TEST_F(ContentTest, ARetryNeverQueuesMailWithoutContent) {
  std::vector<MessageId> ids;
  for (int i = 0; i < 30; ++i) {
    ids.push_back(EndPersonal(Personal(fmt::format("r{}", i)), Kind::kFailed));
  }
  std::thread retries([&] {
    for (const MessageId id : ids) (void)queue().Retry(id, "again", absl::InfiniteFuture());
  });
  DropToday();
  retries.join();
  for (const Claim& claim : TakeAll(Lane::kTransactional)) {
    for (const ClaimedMail& claimed : claim.mails) EXPECT_EQ(claimed.mail.target.value, kAddress);
  }
}

}  // namespace
}  // namespace lmsmail::dispatch
