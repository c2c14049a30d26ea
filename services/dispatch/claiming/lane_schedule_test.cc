#include "services/dispatch/claiming/lane_schedule.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <utility>
#include <vector>

namespace lmsmail::dispatch {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

const absl::Time kNow = absl::FromUnixSeconds(1'800'000'000);
const absl::Time kSoon = kNow + absl::Milliseconds(5);
bool Any(Lane) { return true; }

using Lanes = std::pair<Lane, Lane>;

class LaneScheduleTest : public testing::TestWithParam<Lanes> {
 protected:
  void FindAllEmpty(int times) {
    for (int i = 0; i < times; ++i) {
      schedule_.FoundEmpty(first_, kNow);
      schedule_.FoundEmpty(second_, kNow);
    }
  }

  const Lane first_ = GetParam().first;
  const Lane second_ = GetParam().second;
  LaneSchedule schedule_{std::vector<Lane>{first_, second_}};
};
// The worker has one schedule for each pipeline.
INSTANTIATE_TEST_SUITE_P(Pipelines, LaneScheduleTest,
                         testing::Values(Lanes(Lane::kCritical, Lane::kTransactional),
                                         Lanes(Lane::kNotification, Lane::kBulk)));

TEST_P(LaneScheduleTest, TriesTheMoreUrgentLaneFirst) {
  EXPECT_THAT(schedule_.Order(kNow), ElementsAre(first_, second_));
}

TEST_P(LaneScheduleTest, BusyLanesShareTwoToOne) {
  std::map<Lane, int> claims;
  for (int i = 0; i < 1500; ++i) {
    const Lane lane = schedule_.Order(kNow).front();
    ++claims[lane];
    schedule_.Claimed(lane, 100, true, kNow);
  }
  EXPECT_NEAR(claims[first_], 1000, 2);
  EXPECT_NEAR(claims[second_], 500, 2);
}

TEST_P(LaneScheduleTest, NewMailOvertakesALongRunOfTheOtherLane) {
  schedule_.FoundEmpty(first_, kNow);
  for (int i = 0; i < 1000; ++i) schedule_.Claimed(second_, 500, true, kNow);
  schedule_.Wake();
  EXPECT_THAT(schedule_.Order(kSoon), ElementsAre(first_, second_));
}

TEST_P(LaneScheduleTest, IdleLaneAccumulatesNoCredit) {
  schedule_.FoundEmpty(first_, kNow);
  for (int i = 0; i < 1000; ++i) schedule_.Claimed(second_, 500, true, kNow);
  schedule_.Wake();
  int claims = 0;
  while (schedule_.Order(kSoon).front() != second_) {
    schedule_.Claimed(first_, 500, true, kSoon);
    ASSERT_LE(++claims, 2);
  }
}

TEST_P(LaneScheduleTest, PollsEmptyLanesLessAndLessOften) {
  FindAllEmpty(1);
  EXPECT_THAT(schedule_.Order(kNow), IsEmpty());
  EXPECT_EQ(schedule_.NextTry(Any), kNow + absl::Milliseconds(20));
  EXPECT_FALSE(schedule_.Idle());
  FindAllEmpty(10);
  EXPECT_EQ(schedule_.NextTry(Any), kNow + absl::Milliseconds(100));
  EXPECT_TRUE(schedule_.Idle());
  schedule_.Wake();
  EXPECT_FALSE(schedule_.Idle());
  EXPECT_THAT(schedule_.Order(kSoon), ElementsAre(first_, second_));
}

TEST_P(LaneScheduleTest, AcceptedMailWakesItsLaneAfterTheMinimumInterval) {
  FindAllEmpty(10);
  schedule_.Accepted(second_, 1);
  EXPECT_THAT(schedule_.Order(kNow + absl::Milliseconds(5)), ElementsAre(second_));
  // The lane has no mail, for example because it is paused.
  schedule_.FoundEmpty(second_, kNow + absl::Milliseconds(5));
  schedule_.Accepted(second_, 1);
  EXPECT_THAT(schedule_.Order(kNow + absl::Milliseconds(9)), IsEmpty());
  EXPECT_THAT(schedule_.Order(kNow + absl::Milliseconds(10)), ElementsAre(second_));
}

TEST_P(LaneScheduleTest, ASmallBatchEmptiesItsLane) {
  FindAllEmpty(1);
  schedule_.Claimed(second_, 1, false, kNow);
  EXPECT_EQ(schedule_.NextTry(Any), kNow + absl::Milliseconds(20));
  schedule_.Accepted(second_, 1);
  EXPECT_THAT(schedule_.Order(kNow), IsEmpty());
  EXPECT_THAT(schedule_.Order(kSoon), ElementsAre(second_));
}

// A claim takes mail of one shard.
TEST_P(LaneScheduleTest, ASmallBatchIsFollowedByTheRestOfWhatWasAccepted) {
  FindAllEmpty(1);
  schedule_.Accepted(second_, 10);
  schedule_.Claimed(second_, 4, false, kNow);
  EXPECT_EQ(schedule_.NextTry(Any), kSoon);
  schedule_.Claimed(second_, 6, false, kNow);
  EXPECT_EQ(schedule_.NextTry(Any), kNow + absl::Milliseconds(20));
  // Other workers may have claimed it.
  schedule_.Accepted(second_, 10);
  schedule_.FoundEmpty(second_, kNow);
  schedule_.Accepted(second_, 1);
  schedule_.Claimed(second_, 1, false, kNow);
  EXPECT_EQ(schedule_.NextTry(Any), kNow + absl::Milliseconds(20));
}

TEST_P(LaneScheduleTest, NextTryConsidersOnlyWantedLanes) {
  schedule_.FoundEmpty(second_, kNow);
  EXPECT_EQ(schedule_.NextTry([this](Lane lane) { return lane == second_; }),
            kNow + absl::Milliseconds(20));
  EXPECT_EQ(schedule_.NextTry([](Lane) { return false; }), absl::InfiniteFuture());
}

}  // namespace
}  // namespace lmsmail::dispatch
