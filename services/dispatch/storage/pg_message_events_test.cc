#include <map>

#include "libs/testing/status_matchers.h"
#include "services/dispatch/testing/pg_queue_fixture.h"

namespace lmsmail::dispatch {
namespace {

using ::testing::ElementsAre;
using ::testing::SizeIs;

using Kind = Outcome::Kind;

using enum EventType;

class PgMessageEventsTest : public PgQueueFixture {};

TEST_F(PgMessageEventsTest, RecordsEachEventOnce) {
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
TEST_F(PgMessageEventsTest, AnEventIdBelongsToOneMail) {
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

TEST_F(PgMessageEventsTest, EventTimesLieBetweenTheMailAndNow) {
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

TEST_F(PgMessageEventsTest, EventsResolveUncertainMail) {
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

TEST_F(PgMessageEventsTest, AnEventResolvesAMailThatBecomesUncertainLater) {
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
TEST_F(PgMessageEventsTest, ReportedStatesAreMonotonic) {
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

TEST_F(PgMessageEventsTest, ShowsWhatTheProviderReported) {
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

TEST_F(PgMessageEventsTest, CountsReportsOfBatch) {
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
TEST_F(PgMessageEventsTest, ReportsFromBeforeARetryDoNotCount) {
  const MessageId id = Ended("again", Kind::kUncertain);
  const absl::Time first_attempt = Now();
  ASSERT_OK(queue().Retry(id, "again", absl::InfiniteFuture()));
  ASSERT_OK(log().RecordEvents({{"b1", kBounced, id, first_attempt, ""}}, absl::InfiniteFuture()));
  FlushAll(Take(), Kind::kSent);
  EXPECT_EQ(StateOf(id), State::kSent);
  ASSERT_OK(log().RecordEvents({{"b2", kBounced, id, Now(), ""}}, absl::InfiniteFuture()));
  EXPECT_EQ(StateOf(id), State::kBounced);
}

TEST_F(PgMessageEventsTest, ReportsRefusalsBouncesAndComplaints) {
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

}  // namespace
}  // namespace lmsmail::dispatch
