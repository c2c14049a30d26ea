#include "services/dispatch/log/timeline.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <vector>

#include "libs/identity/owned_key.h"

namespace lmsmail::dispatch {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using Kind = TimelineEntry::Kind;

const absl::Time kNine =
    absl::FromCivil(absl::CivilSecond(2026, 11, 23, 9, 0, 0), absl::UTCTimeZone());

History Waiting() {
  History history;
  history.record.mail.id = 1;
  history.record.mail.key = identity::MakeOwnedKey("scheduler", "payment/1");
  history.record.mail.sender = "scheduler";
  history.record.mail.create_time = kNine;
  history.record.mail.due_time = kNine;
  history.record.update_time = kNine;
  return history;
}

RecordedOutcome Recorded(Outcome::Kind kind, Reason reason, absl::Duration after) {
  RecordedOutcome recorded;
  recorded.time = kNine + after;
  recorded.outcome.kind = kind;
  recorded.outcome.reason = reason;
  return recorded;
}

std::vector<Kind> KindsOf(const History& history) {
  std::vector<Kind> kinds;
  for (const TimelineEntry& entry : BuildTimeline(history)) kinds.push_back(entry.kind);
  return kinds;
}

TEST(TimelineTest, ExplainsGreylistedMailThatWasSent) {
  History history = Waiting();
  RecordedOutcome grey =
      Recorded(Outcome::Kind::kDeferred, Reason::kDeferredByServer, absl::Seconds(1));
  grey.outcome.attempt = 1;
  grey.outcome.transport = "smtp";
  grey.outcome.reply_code = 451;
  grey.outcome.enhanced_code = "4.7.1";
  grey.outcome.reply_text = "4.7.1 come back later";
  grey.outcome.retry_time = kNine + absl::Minutes(5);
  RecordedOutcome sent = Recorded(Outcome::Kind::kSent, Reason::kNone, absl::Minutes(5));
  sent.outcome.attempt = 2;
  sent.outcome.transport = "smtp";
  sent.outcome.reply_code = 250;
  sent.outcome.reply_text = "2.0.0 queued";
  history.outcomes = {grey};
  history.record.state = State::kQueued;
  history.record.attempt_count = 1;
  history.record.next_attempt_time = grey.outcome.retry_time;
  EXPECT_EQ(Summarize(history),
            "Deferred at 2026-11-23 09:00:01 UTC because the server rejected the mail temporarily; "
            "the server said: 451 4.7.1 come back later. The next attempt is at 2026-11-23 "
            "09:05:00 UTC, after 1 attempt so far.");

  history.outcomes.push_back(sent);
  history.record.state = State::kSent;
  history.record.update_time = sent.time;
  const auto entries = BuildTimeline(history);
  EXPECT_THAT(KindsOf(history), ElementsAre(Kind::kAccepted, Kind::kDeferred, Kind::kSent));
  EXPECT_EQ(entries[1].attempt, 1);
  EXPECT_EQ(entries[1].enhanced_code, "4.7.1");
  EXPECT_EQ(entries[2].attempt, 2);
  EXPECT_EQ(Summarize(history),
            "Sent to the server at 2026-11-23 09:05:00 UTC; the server said: 250 2.0.0 queued.");
}

RecordedOutcome Refused(int minutes) {
  RecordedOutcome refused =
      Recorded(Outcome::Kind::kDeferred, Reason::kUnreachable, absl::Minutes(minutes));
  refused.outcome.reply_text = "connecting: connection refused";
  refused.outcome.retry_time = refused.time + absl::Minutes(1);
  return refused;
}

TEST(TimelineTest, OneEntryTellsAWaitOfSeveralClaims) {
  History history = Waiting();
  history.outcomes = {Refused(1), Refused(2), Refused(3)};
  history.record.state = State::kQueued;
  const auto entries = BuildTimeline(history);
  ASSERT_THAT(KindsOf(history), ElementsAre(Kind::kAccepted, Kind::kDeferred));
  EXPECT_EQ(entries[1].time, kNine + absl::Minutes(1));
  EXPECT_THAT(entries[1].description, HasSubstr("deferred until 2026-11-23 09:04:00"));
  EXPECT_THAT(Summarize(history), HasSubstr("connection refused, tried 3 times. The next"));
}

TEST(TimelineTest, AnAttemptBetweenTwoWaitsKeepsThemApart) {
  History history = Waiting();
  RecordedOutcome grey =
      Recorded(Outcome::Kind::kDeferred, Reason::kDeferredByServer, absl::Minutes(2));
  grey.outcome.reply_code = 451;
  history.outcomes = {Refused(1), grey, grey, Refused(3)};
  EXPECT_THAT(KindsOf(history), ElementsAre(Kind::kAccepted, Kind::kDeferred, Kind::kDeferred,
                                            Kind::kDeferred, Kind::kDeferred));
}

TEST(TimelineTest, SummaryOfExpiredMailTellsTheLastObstacle) {
  History history = Waiting();
  history.outcomes = {Refused(1), Refused(2), Refused(3),
                      Recorded(Outcome::Kind::kExpired, Reason::kExpired, absl::Minutes(4))};
  history.record.state = State::kExpired;
  history.record.reason = Reason::kExpired;
  history.record.update_time = kNine + absl::Minutes(4);
  EXPECT_EQ(Summarize(history),
            "Expired at 2026-11-23 09:04:00 UTC: the expire_time passed before the mail was sent. "
            "The last obstacle: the server could not be reached; connecting: connection refused, "
            "tried 3 times.");
}

TEST(TimelineTest, SummaryTellsWhatTheProviderReported) {
  History history = Waiting();
  history.outcomes = {Recorded(Outcome::Kind::kSent, Reason::kNone, absl::Seconds(1))};
  history.events = {{kNine + absl::Seconds(2), EventType::kOpened, "", "e1"},
                    {kNine + absl::Minutes(1), EventType::kComplained, "", "e2"}};
  history.record.state = State::kSent;
  history.record.update_time = kNine + absl::Seconds(1);
  EXPECT_EQ(Summarize(history),
            "Sent to the server at 2026-11-23 09:00:01 UTC. At 2026-11-23 09:01:00 UTC, the "
            "recipient reported the mail as unwanted.");

  history.record.state = State::kDelivered;
  history.record.update_time = kNine + absl::Seconds(2);
  EXPECT_EQ(Summarize(history),
            "Delivered at 2026-11-23 09:00:02 UTC: the recipient's server accepted the mail. At "
            "2026-11-23 09:01:00 UTC, the recipient reported the mail as unwanted.");

  history.record.state = State::kBounced;
  history.record.detail = "550 5.1.1 no such user";
  EXPECT_EQ(Summarize(history), "Bounced at 2026-11-23 09:00:02 UTC: 550 5.1.1 no such user.");
}

TEST(TimelineTest, OutcomeWithoutTransportIsNoAttempt) {
  History history = Waiting();
  history.outcomes = {Recorded(Outcome::Kind::kDeferred, Reason::kQuietHours, absl::Seconds(1)),
                      Recorded(Outcome::Kind::kSkipped, Reason::kUnsubscribed, absl::Hours(8))};
  history.record.state = State::kSkipped;
  history.record.reason = Reason::kUnsubscribed;
  for (const TimelineEntry& entry : BuildTimeline(history)) EXPECT_EQ(entry.attempt, 0);
  EXPECT_THAT(Summarize(history), HasSubstr("unsubscribed from this category"));
}

TEST(TimelineTest, OrdersEntriesByTime) {
  History history = Waiting();
  history.record.mail.due_time = kNine + absl::Hours(1);
  history.outcomes = {
      Recorded(Outcome::Kind::kUncertain, Reason::kConnectionLostAfterData, absl::Hours(1)),
      Recorded(Outcome::Kind::kSent, Reason::kNone, absl::Hours(3))};
  history.retries = {{kNine + absl::Hours(2), "again/1"}};
  history.events = {{kNine + absl::Hours(4), EventType::kClicked, "https://school.example", "e1"}};
  history.record.state = State::kSent;
  EXPECT_THAT(KindsOf(history), ElementsAre(Kind::kAccepted, Kind::kScheduled, Kind::kUncertain,
                                            Kind::kRetried, Kind::kSent, Kind::kEvent));
}

TEST(TimelineTest, ListsACancellationOnce) {
  History history = Waiting();
  history.cancel_requested = kNine + absl::Seconds(1);
  history.record.state = State::kCancelled;
  EXPECT_THAT(KindsOf(history), ElementsAre(Kind::kAccepted, Kind::kCancelled));
  history.outcomes = {Recorded(Outcome::Kind::kCancelled, Reason::kCancelled, absl::Seconds(2))};
  EXPECT_THAT(KindsOf(history), ElementsAre(Kind::kAccepted, Kind::kCancelled));
}

TEST(TimelineTest, EveryStateHasASummary) {
  for (int state = 1; state <= 9; ++state) {
    History history = Waiting();
    history.record.state = static_cast<State>(state);
    EXPECT_FALSE(Summarize(history).empty()) << state;
  }
}

TEST(TimelineTest, ExplainsEveryReason) {
  for (int reason = 0; reason <= 21; ++reason) {
    EXPECT_FALSE(Explain(static_cast<Reason>(reason)).starts_with("the reason is")) << reason;
  }
}

}  // namespace
}  // namespace lmsmail::dispatch
