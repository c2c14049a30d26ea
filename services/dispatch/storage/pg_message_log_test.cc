#include <map>
#include <set>

#include "libs/testing/status_matchers.h"
#include "services/dispatch/testing/pg_queue_fixture.h"

namespace lmsmail::dispatch {
namespace {

using ::testing::ElementsAre;
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
  ASSERT_OK_AND_ASSIGN(known, log().FindRequest("one", absl::InfiniteFuture()));
  ASSERT_TRUE(known.has_value());
  EXPECT_FALSE(known->batch);
  EXPECT_EQ(known->digest, Send("one").digest);
  EXPECT_EQ(known->first, mail);

  // The first chunks of this batch had nothing to accept.
  const Accepted accepted = AcceptOne(Batch("many", 3, 2));
  ASSERT_OK_AND_ASSIGN(known, log().FindRequest("many", absl::InfiniteFuture()));
  ASSERT_TRUE(known.has_value());
  EXPECT_TRUE(known->batch);
  EXPECT_EQ(known->template_ref, Batch("many", 1).template_ref);
  EXPECT_EQ(known->first, accepted.items[0].id);
}

TEST_F(PgMessageLogTest, RecordsEachEventOnce) {
  const MessageId id = Ended("sent", Kind::kSent);
  const std::vector<ProviderEvent> events = {{"e1", kOpened, id, Now(), "first"},
                                             {"e2", kOpened, id, Now(), "second"},
                                             {"e1", kOpened, id, Now(), "first"},
                                             {"e3", kBounced, 12345, Now(), "whose?"}};
  ASSERT_OK_AND_ASSIGN(MessageLog::EventCounts counts,
                       log().RecordEvents(events, absl::InfiniteFuture()));
  EXPECT_EQ(counts.recorded, 2);
  EXPECT_EQ(counts.duplicate, 1);
  EXPECT_EQ(counts.unknown, 1);
  ASSERT_OK_AND_ASSIGN(counts, log().RecordEvents(events, absl::InfiniteFuture()));
  EXPECT_EQ(counts.recorded, 0);
  EXPECT_EQ(counts.duplicate, 3);
  ASSERT_OK_AND_ASSIGN(const History history, log().Explain(id, absl::InfiniteFuture()));
  ASSERT_THAT(history.events, SizeIs(2));
  EXPECT_EQ(history.events[0].detail, "first");
  EXPECT_EQ(history.events[0].type, kOpened);
}

// Who overheard an id that a provider signed cannot report about another mail with it.
TEST_F(PgMessageLogTest, AnEventIdBelongsToOneMail) {
  const MessageId one = Ended("1", Kind::kSent);
  const MessageId two = Ended("2", Kind::kSent);
  ASSERT_OK_AND_ASSIGN(
      MessageLog::EventCounts counts,
      log().RecordEvents({{"e", kOpened, one, Now(), ""}}, absl::InfiniteFuture()));
  EXPECT_EQ(counts.recorded, 1);
  ASSERT_OK_AND_ASSIGN(counts, log().RecordEvents({{"e", kBounced, two, Now(), ""},
                                                   {"e", kBounced, one, Now(), ""},
                                                   {"f", kDelivered, two, Now(), ""}},
                                                  absl::InfiniteFuture()));
  EXPECT_EQ(counts.recorded, 1);
  EXPECT_EQ(counts.duplicate, 2);
  EXPECT_EQ(StateOf(one), State::kSent);
  EXPECT_EQ(StateOf(two), State::kDelivered);
  ASSERT_OK_AND_ASSIGN(
      counts, log().RecordEvents({{"g", kOpened, 4711, Now(), ""}}, absl::InfiniteFuture()));
  ASSERT_OK_AND_ASSIGN(
      counts, log().RecordEvents({{"g", kOpened, two, Now(), ""}}, absl::InfiniteFuture()));
  EXPECT_EQ(counts.recorded, 1) << "an event of unknown mail uses no id up";
}

TEST_F(PgMessageLogTest, EventTimesLieBetweenTheMailAndNow) {
  const MessageId id = Ended("sent", Kind::kSent);
  ASSERT_OK(log().RecordEvents({{"future", kOpened, id, Now() + absl::Hours(24 * 400), ""},
                                {"infinite", kOpened, id, absl::InfiniteFuture(), ""},
                                {"past", kDelivered, id, absl::UnixEpoch(), ""}},
                               absl::InfiniteFuture()));
  ASSERT_OK_AND_ASSIGN(const History history, log().Explain(id, absl::InfiniteFuture()));
  ASSERT_THAT(history.events, SizeIs(3));
  EXPECT_EQ(history.events[0].type, kDelivered);
  EXPECT_EQ(history.events[0].time, history.record.mail.create_time);
  EXPECT_LE(history.events[1].time, Now());
  EXPECT_LE(history.events[2].time, Now());
  EXPECT_EQ(Query("SELECT count(*) FROM counter WHERE count_time > now()"), "0");
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

TEST_F(PgMessageLogTest, EventsResolveUncertainMail) {
  const auto report = [this](MessageId id, std::vector<EventType> types) {
    std::vector<ProviderEvent> events;
    for (const EventType type : types) {
      events.push_back(
          {std::to_string(id) + "/" + std::to_string(static_cast<int>(type)), type, id, Now(), ""});
    }
    EXPECT_OK(log().RecordEvents(events, absl::InfiniteFuture()));
    EXPECT_OK(log().RecordEvents(events, absl::InfiniteFuture()))
        << "a repeated call changes nothing";
    return Get(id);
  };
  int name = 0;
  const auto uncertain = [&] { return Ended("u" + std::to_string(++name), Kind::kUncertain); };
  for (const EventType type : {kOpened, kClicked, kComplained}) {
    const MessageRecord record = report(uncertain(), {type});
    EXPECT_EQ(record.state, State::kSent) << static_cast<int>(type);
    EXPECT_EQ(record.attempt_count, 1);
  }
  EXPECT_EQ(report(uncertain(), {kDelivered}).state, State::kDelivered);
  const MessageId bounced = uncertain();
  const MessageRecord failed = report(bounced, {kBounced});
  EXPECT_EQ(failed.state, State::kBounced);
  EXPECT_EQ(failed.reason, Reason::kBounced);
  EXPECT_EQ(report(bounced, {kDelivered}).state, State::kBounced);
  EXPECT_EQ(report(uncertain(), {kBounced, kOpened}).state, State::kBounced);
  EXPECT_EQ(report(uncertain(), {kDeferred}).state, State::kUncertain);
  EXPECT_EQ(report(Ended("sent", Kind::kSent), {kBounced}).state, State::kBounced);
  EXPECT_EQ(report(Ended("skipped", Kind::kSkipped), {kOpened}).state, State::kSkipped);

  ASSERT_OK_AND_ASSIGN(const History history, log().Explain(bounced, absl::InfiniteFuture()));
  ASSERT_THAT(history.outcomes, SizeIs(2));
  EXPECT_EQ(history.outcomes[1].outcome.delivery_count,
            history.outcomes[0].outcome.delivery_count + 1);
  ASSERT_OK_AND_ASSIGN(const MessageLog::Recent recent,
                       log().RecentOutcomes(absl::InfiniteFuture()));
  std::map<State, std::int64_t> last_hour(recent.last_hour.begin(), recent.last_hour.end());
  EXPECT_EQ(last_hour[State::kSent], 6);
  EXPECT_EQ(last_hour[State::kDelivered], 2);
  EXPECT_EQ(last_hour[State::kBounced], 3);
  EXPECT_EQ(last_hour[State::kFailed], 0);
  EXPECT_EQ(last_hour[State::kUncertain], 1);
  EXPECT_THAT(queue().Retry(bounced, "again", absl::InfiniteFuture()),
              StatusIs(absl::StatusCode::kFailedPrecondition));
}

TEST_F(PgMessageLogTest, AnEventResolvesAMailThatBecomesUncertainLater) {
  int name = 0;
  const auto uncertain_after = [&](EventType type) {
    const MessageId id = AcceptMail("late" + std::to_string(++name));
    const Claim claim = Take();
    EXPECT_OK(log().RecordEvents({{"late" + std::to_string(name), type, id, Now(), "seen"}},
                                 absl::InfiniteFuture()));
    EXPECT_EQ(StateOf(id), State::kSending);
    FlushAll(claim, Kind::kUncertain);
    return StateOf(id);
  };
  EXPECT_EQ(uncertain_after(kDelivered), State::kDelivered);
  EXPECT_EQ(uncertain_after(kClicked), State::kSent);
  EXPECT_EQ(uncertain_after(kBounced), State::kBounced);
  EXPECT_EQ(uncertain_after(kDeferred), State::kUncertain);
  ASSERT_OK_AND_ASSIGN(const MessageLog::Recent recent,
                       log().RecentOutcomes(absl::InfiniteFuture()));
  std::map<State, std::int64_t> last_hour(recent.last_hour.begin(), recent.last_hour.end());
  EXPECT_EQ(last_hour[State::kSent], 2);
  EXPECT_EQ(last_hour[State::kUncertain], 1);
}

// Providers repeat events and report them in any order.
TEST_F(PgMessageLogTest, ReportedStatesAreMonotonic) {
  const auto state_after = [&](const std::string& name, std::vector<EventType> types) {
    const MessageId id = Ended(name, Kind::kSent);
    std::vector<State> states;
    for (const EventType type : types) {
      const ProviderEvent event{name + "/" + std::to_string(static_cast<int>(type)), type, id,
                                Now() - absl::Seconds(states.size()), "detail"};
      EXPECT_OK(log().RecordEvents({event}, absl::InfiniteFuture()));
      EXPECT_OK(log().RecordEvents({event}, absl::InfiniteFuture()));
      states.push_back(StateOf(id));
    }
    return states;
  };
  EXPECT_THAT(state_after("1", {kDeferred, kOpened, kDelivered, kOpened, kDeferred}),
              ElementsAre(State::kSent, State::kSent, State::kDelivered, State::kDelivered,
                          State::kDelivered));
  EXPECT_THAT(state_after("2", {kDelivered, kBounced, kDelivered}),
              ElementsAre(State::kDelivered, State::kBounced, State::kBounced));
  EXPECT_THAT(state_after("3", {kBounced, kDelivered, kOpened}),
              ElementsAre(State::kBounced, State::kBounced, State::kBounced));
  EXPECT_THAT(state_after("4", {kRejected, kComplained}), ElementsAre(State::kSent, State::kSent));
}

TEST_F(PgMessageLogTest, ShowsWhatTheProviderReported) {
  const MessageId id = Ended("sent", Kind::kSent);
  ASSERT_OK(log().RecordEvents({{"d", kDelivered, id, absl::UnixEpoch(), "250 ok"}},
                               absl::InfiniteFuture()));
  MessageRecord record = Get(id);
  EXPECT_EQ(record.detail, "250 ok");
  EXPECT_EQ(record.reason, Reason::kNone);
  EXPECT_GT(record.update_time, record.mail.create_time) << "not before it was sent";
  ASSERT_OK(log().RecordEvents({{"b", kBounced, id, Now(), "550 5.1.1 unknown"}},
                               absl::InfiniteFuture()));
  record = Get(id);
  EXPECT_EQ(record.detail, "550 5.1.1 unknown");
  EXPECT_EQ(record.reason, Reason::kBounced);

  MessageFilter filter;
  filter.state = State::kBounced;
  ASSERT_OK_AND_ASSIGN(const MessageLog::Page page,
                       log().List(filter, std::nullopt, 10, absl::InfiniteFuture()));
  ASSERT_THAT(page.records, SizeIs(1));
  EXPECT_EQ(page.records[0].mail.id, id);
}

TEST_F(PgMessageLogTest, CountsReportsOfBatch) {
  const Accepted accepted = AcceptOne(Batch("weekly", 2));
  for (const Claim& claim : TakeAll(Lane::kBulk)) FlushAll(claim, Kind::kSent);
  ASSERT_OK(log().RecordEvents({{"d1", kDelivered, accepted.items[0].id, Now(), ""},
                                {"d2", kDelivered, accepted.items[1].id, Now(), ""},
                                {"d3", kDelivered, accepted.items[1].id, Now(), ""},
                                {"b", kBounced, accepted.items[1].id, Now(), ""}},
                               absl::InfiniteFuture()));
  ASSERT_OK_AND_ASSIGN(const BatchRecord batch,
                       log().GetBatch(accepted.batch, absl::InfiniteFuture()));
  EXPECT_EQ(batch.delivered, 2);
  EXPECT_EQ(batch.bounced, 1);
  ASSERT_THAT(batch.counts, SizeIs(1));
  EXPECT_EQ(batch.counts[0].count, 2);
  EXPECT_NEAR(batch.recent_per_second, 2.0 / 60, 1e-9);
}

// A report of the attempt before says nothing about the mail that was sent again.
TEST_F(PgMessageLogTest, ReportsFromBeforeARetryDoNotCount) {
  const MessageId id = Ended("again", Kind::kUncertain);
  const absl::Time first_attempt = Now();
  ASSERT_OK(queue().Retry(id, "again", absl::InfiniteFuture()));
  ASSERT_OK(log().RecordEvents({{"b1", kBounced, id, first_attempt, ""}}, absl::InfiniteFuture()));
  FlushAll(Take(), Kind::kSent);
  EXPECT_EQ(StateOf(id), State::kSent);
  ASSERT_OK(log().RecordEvents({{"b2", kBounced, id, Now(), ""}}, absl::InfiniteFuture()));
  EXPECT_EQ(StateOf(id), State::kBounced);
}

TEST_F(PgMessageLogTest, ReportsRefusalsBouncesAndComplaints) {
  const MessageId long_ago = Ended("too long ago", Kind::kFailed, Reason::kRecipientRejected);
  Advance(absl::Hours(3));
  const absl::Time since = Now() - absl::Hours(1);
  const MessageId refused = Ended("refused", Kind::kFailed, Reason::kRecipientRejected);
  Ended("our fault", Kind::kFailed, Reason::kRenderFailed);
  const MessageId sent = Ended("sent", Kind::kSent);
  ASSERT_OK(log().RecordEvents(
      {{"o", kOpened, sent, Now(), ""}, {"b", kBounced, sent, Now(), "mailbox gone"}},
      absl::InfiniteFuture()));
  ASSERT_OK(log().RecordEvents({{"old", kComplained, long_ago, Now() - absl::Hours(2), ""}},
                               absl::InfiniteFuture()));
  ASSERT_OK_AND_ASSIGN(auto reports, log().AddressReports(since, absl::InfiniteFuture()));
  ASSERT_THAT(reports, SizeIs(2));
  if (reports[0].event) std::swap(reports[0], reports[1]);
  EXPECT_EQ(reports[0].message, refused);
  EXPECT_EQ(reports[0].reply_code, 250) << "that of the outcome";
  EXPECT_EQ(reports[0].enhanced_code, "2.0.0");
  EXPECT_EQ(reports[1].message, sent);
  EXPECT_EQ(reports[1].event, kBounced);
  EXPECT_EQ(reports[1].detail, "mailbox gone");
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
