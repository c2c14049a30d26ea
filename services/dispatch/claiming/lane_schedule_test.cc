#include "services/dispatch/claiming/lane_schedule.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <iterator>
#include <map>

namespace lmsmail::dispatch {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

const absl::Time kNow = absl::FromUnixSeconds(1'800'000'000);
bool Any(Lane) { return true; }

std::vector<Lane> All() { return {std::begin(kLanes), std::end(kLanes)}; }

TEST(LaneScheduleTest, TriesTheMostUrgentFirst) {
  EXPECT_THAT(LaneSchedule(All()).Order(kNow),
              ElementsAre(Lane::kCritical, Lane::kTransactional, Lane::kNotification, Lane::kBulk));
}

TEST(LaneScheduleTest, BusyLanesShareByWeight) {
  LaneSchedule schedule(All());
  std::map<Lane, int> took;
  for (int i = 0; i < 1500; ++i) {
    const Lane lane = schedule.Order(kNow).front();
    ++took[lane];
    schedule.Took(lane, 100, true, kNow);
  }
  EXPECT_NEAR(took[Lane::kCritical], 800, 2);
  EXPECT_NEAR(took[Lane::kTransactional], 400, 2);
  EXPECT_NEAR(took[Lane::kNotification], 200, 2);
  EXPECT_NEAR(took[Lane::kBulk], 100, 2);
}

TEST(LaneScheduleTest, AReceiptOvertakesALongBulkRun) {
  LaneSchedule schedule(All());
  for (const Lane lane : {Lane::kCritical, Lane::kTransactional, Lane::kNotification}) {
    schedule.FoundEmpty(lane, kNow);
  }
  for (int i = 0; i < 1000; ++i) schedule.Took(Lane::kBulk, 500, true, kNow);
  schedule.Wake();
  const auto order = schedule.Order(kNow);
  ASSERT_FALSE(order.empty());
  EXPECT_EQ(order.back(), Lane::kBulk);
}

TEST(LaneScheduleTest, ALaneThatSleptDoesNotSaveItsTurnsUp) {
  LaneSchedule schedule(All());
  for (const Lane lane : {Lane::kCritical, Lane::kTransactional, Lane::kNotification}) {
    schedule.FoundEmpty(lane, kNow);
  }
  for (int i = 0; i < 1000; ++i) schedule.Took(Lane::kBulk, 500, true, kNow);
  schedule.Wake();
  // From here on the bulk still gets its fifteenth of what critical mail gets, soon.
  int before_bulk = 0;
  while (schedule.Order(kNow).front() != Lane::kBulk) {
    const Lane lane = schedule.Order(kNow).front();
    schedule.Took(lane, 500, true, kNow);
    ASSERT_LT(++before_bulk, 20);
  }
}

TEST(LaneScheduleTest, EmptyLanesRestLongerEachTime) {
  LaneSchedule schedule(All());
  for (const Lane lane : kLanes) schedule.FoundEmpty(lane, kNow);
  EXPECT_THAT(schedule.Order(kNow), IsEmpty());
  EXPECT_EQ(schedule.NextTry(Any), kNow + absl::Milliseconds(5));
  EXPECT_FALSE(schedule.Idle());
  for (int i = 0; i < 10; ++i) {
    for (const Lane lane : kLanes) schedule.FoundEmpty(lane, kNow);
  }
  EXPECT_EQ(schedule.NextTry(Any), kNow + absl::Milliseconds(100));
  EXPECT_TRUE(schedule.Idle());
  schedule.Wake();
  EXPECT_FALSE(schedule.Idle());
  EXPECT_EQ(schedule.Order(kNow).size(), 4u);
}

TEST(LaneScheduleTest, NewMailWakesItsLaneButNotWithoutEnd) {
  LaneSchedule schedule(All());
  for (int i = 0; i < 10; ++i) {
    for (const Lane lane : kLanes) schedule.FoundEmpty(lane, kNow);
  }
  schedule.Accepted(Lane::kTransactional);
  EXPECT_THAT(schedule.Order(kNow + absl::Milliseconds(5)), ElementsAre(Lane::kTransactional));
  // Nothing was there, as when the lane is paused.
  schedule.FoundEmpty(Lane::kTransactional, kNow + absl::Milliseconds(5));
  schedule.Accepted(Lane::kTransactional);
  EXPECT_THAT(schedule.Order(kNow + absl::Milliseconds(9)), IsEmpty());
  EXPECT_THAT(schedule.Order(kNow + absl::Milliseconds(10)), ElementsAre(Lane::kTransactional));
}

TEST(LaneScheduleTest, ADrainedLaneIsNotEmptiedMailByMail) {
  LaneSchedule schedule(All());
  for (const Lane lane : kLanes) schedule.FoundEmpty(lane, kNow);
  schedule.Took(Lane::kBulk, 1, false, kNow);
  schedule.Wake();
  EXPECT_THAT(schedule.Order(kNow),
              ElementsAre(Lane::kCritical, Lane::kTransactional, Lane::kNotification));
  EXPECT_EQ(schedule.Order(kNow + absl::Milliseconds(5)).size(), 4u);
}

TEST(LaneScheduleTest, KnowsOnlyItsOwnLanes) {
  LaneSchedule schedule({Lane::kNotification, Lane::kBulk});
  EXPECT_THAT(schedule.Order(kNow), ElementsAre(Lane::kNotification, Lane::kBulk));
  for (int i = 0; i < 10; ++i) {
    schedule.FoundEmpty(Lane::kNotification, kNow);
    schedule.FoundEmpty(Lane::kBulk, kNow);
  }
  EXPECT_TRUE(schedule.Idle());
}

TEST(LaneScheduleTest, NextTryLooksAtWantedLanesOnly) {
  LaneSchedule schedule(All());
  schedule.FoundEmpty(Lane::kBulk, kNow);
  EXPECT_EQ(schedule.NextTry([](Lane lane) { return lane == Lane::kBulk; }),
            kNow + absl::Milliseconds(5));
  EXPECT_EQ(schedule.NextTry([](Lane) { return false; }), absl::InfiniteFuture());
}

}  // namespace
}  // namespace lmsmail::dispatch
