#include <string>
#include <vector>

#include "libs/testing/status_matchers.h"
#include "services/dispatch/testing/pg_queue_fixture.h"

namespace lmsmail::dispatch {
namespace {

using Kind = Outcome::Kind;
using enum EventType;

// A mail that was sent two minutes ago, and what happened since.
class PgTrackingTest : public PgQueueFixture {
 protected:
  PgTrackingTest() {
    Advance(absl::Minutes(2));
    start_ = Now() - absl::Minutes(2);
  }

  ProviderEvent At(int second, EventType type, bool machine = false, int link = 0, int links = 0) {
    return {.event_id = "e" + std::to_string(++events_),
            .type = type,
            .message = id_,
            .time = start_ + absl::Seconds(second),
            .detail = "",
            .machine = machine,
            .link = link,
            .links = links};
  }
  void Record(const std::vector<ProviderEvent>& events) {
    EXPECT_OK(log().RecordEvents(events, absl::InfiniteFuture()));
  }
  Engagement Read() { return Get(id_).engagement; }
  DayStats Stats() {
    const auto stats = log().Stats(Now() - absl::Hours(24), Now(), "", absl::InfiniteFuture());
    EXPECT_OK(stats);
    DayStats sum;
    for (const DayStats& each : stats.value_or(std::vector<DayStats>())) {
      sum.opened += each.opened;
      sum.clicked += each.clicked;
      sum.machine_opened += each.machine_opened;
      sum.machine_clicked += each.machine_clicked;
    }
    return sum;
  }

  const MessageId id_ = Ended("read", Kind::kSent);
  absl::Time start_;  // when it was sent
  int events_ = 0;
};

TEST_F(PgTrackingTest, CountsPersonsAndProgramsApart) {
  EXPECT_FALSE(Read().any());
  Record({At(30, kOpened, true), At(31, kOpened), At(39, kOpened), At(60, kClicked, false, 1, 3),
          At(61, kClicked, true), At(62, kDelivered)});
  const Engagement read = Read();
  EXPECT_EQ(read.opens, 2);
  EXPECT_EQ(read.machine_opens, 1);
  EXPECT_EQ(read.clicks, 1);
  EXPECT_EQ(read.machine_clicks, 1);
  EXPECT_EQ(read.open_time, start_ + absl::Seconds(31));
  EXPECT_EQ(read.click_time, start_ + absl::Seconds(60));
  Record({At(70, kOpened, true), At(71, kClicked)});
  const DayStats stats = Stats();
  EXPECT_EQ(stats.opened, 1) << "a mail that was opened often counts once";
  EXPECT_EQ(stats.machine_opened, 1);
  EXPECT_EQ(stats.clicked, 1);
  EXPECT_EQ(stats.machine_clicked, 1);
  ASSERT_OK_AND_ASSIGN(const History history, log().Explain(id_, absl::InfiniteFuture()));
  EXPECT_TRUE(history.events[0].machine);
  EXPECT_FALSE(history.events[1].machine);
}

TEST_F(PgTrackingTest, WhatHappensAsSoonAsTheMailArrivesIsAPrograms) {
  PgMessageLog prompt(database().pool(), absl::Seconds(2));
  const auto record = [&](const std::vector<ProviderEvent>& events) {
    EXPECT_OK(prompt.RecordEvents(events, absl::InfiniteFuture()));
  };
  record({At(1, kOpened), At(10, kOpened), At(1, kDeferred)});
  EXPECT_EQ(Read().machine_opens, 1);
  EXPECT_EQ(Read().opens, 1);
  // A provider may deliver later than it accepted the mail.
  record({At(60, kDelivered)});
  record({At(61, kClicked), At(63, kClicked)});
  EXPECT_EQ(Read().machine_clicks, 1);
  EXPECT_EQ(Read().clicks, 1);

  const MessageId unsent = AcceptMail("unsent");
  Advance(absl::Minutes(1));
  record({{.event_id = "early", .type = kOpened, .message = unsent, .time = Now(), .detail = ""}});
  EXPECT_EQ(Get(unsent).engagement.machine_opens, 1) << "nobody reads what was not sent";
}

TEST_F(PgTrackingTest, ClicksOnAllLinksAtOnceAreAScanners) {
  Record({At(30, kClicked, false, 1, 5)});
  Record({At(31, kClicked, false, 2, 5)});
  EXPECT_EQ(Read().clicks, 2);
  EXPECT_EQ(Stats().clicked, 1);
  Record({At(33, kClicked, false, 3, 5), At(34, kClicked, false, 4, 5)});
  EXPECT_EQ(Read().clicks, 0);
  EXPECT_EQ(Read().machine_clicks, 4);
  EXPECT_EQ(Stats().clicked, 0);
  EXPECT_EQ(Stats().machine_clicked, 1);

  Record({At(60, kClicked, false, 3, 5), At(62, kClicked, false, 4, 5)});
  EXPECT_EQ(Read().clicks, 2) << "two tabs of a person";
  EXPECT_EQ(Read().click_time, start_ + absl::Seconds(60));
  EXPECT_EQ(Stats().clicked, 1);
  Record({At(100, kClicked, false, 1, 5), At(101, kClicked, false, 2, 5),
          At(102, kClicked, false, 3, 5)});
  EXPECT_EQ(Read().clicks, 2);
  EXPECT_EQ(Stats().clicked, 1);
  EXPECT_EQ(Stats().machine_clicked, 1);
}

TEST_F(PgTrackingTest, RepeatedClicksOnOneLinkAreAPersons) {
  Record({At(30, kClicked, false, 1, 5), At(31, kClicked, false, 1, 5),
          At(32, kClicked, false, 1, 5), At(33, kClicked, false, 2, 5)});
  EXPECT_EQ(Read().clicks, 4);
  EXPECT_EQ(Stats().machine_clicked, 0);
}

TEST_F(PgTrackingTest, BothOfTwoLinksAtOnceAreAScanners) {
  Record({At(30, kClicked, false, 1, 2), At(40, kClicked, false, 2, 2)});
  EXPECT_EQ(Read().clicks, 2);
  Record({At(41, kClicked, false, 1, 2)});
  EXPECT_EQ(Read().clicks, 1);
  EXPECT_EQ(Read().machine_clicks, 2);
}

TEST_F(PgTrackingTest, OwnIdsAreUniqueForAMail) {
  const MessageId other = Ended("other", Kind::kSent);
  const auto opened = [](MessageId id) {
    return ProviderEvent{.event_id = "o",
                         .type = kOpened,
                         .message = id,
                         .time = absl::Now(),
                         .detail = "",
                         .own_id = true};
  };
  for (const int recorded : {2, 0}) {
    ASSERT_OK_AND_ASSIGN(
        const MessageLog::EventCounts counts,
        log().RecordEvents({opened(id_), opened(other), opened(id_)}, absl::InfiniteFuture()));
    EXPECT_EQ(counts.recorded, recorded);
    EXPECT_EQ(counts.duplicate, 3 - recorded);
  }
  EXPECT_EQ(Read().opens, 1);
  EXPECT_EQ(Stats().opened, 2);
}

TEST_F(PgTrackingTest, FindsTheTargetsOfMails) {
  ASSERT_OK_AND_ASSIGN(const auto targets, log().Targets({id_, 4711, id_}, absl::InfiniteFuture()));
  ASSERT_EQ(targets.size(), 1u);
  EXPECT_EQ(targets.at(id_), Get(id_).mail.target);
}

}  // namespace
}  // namespace lmsmail::dispatch
