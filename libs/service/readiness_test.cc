#include "libs/service/readiness.h"

#include <gtest/gtest.h>

#include <atomic>
#include <vector>

#include "absl/synchronization/notification.h"

#include "libs/testing/status_matchers.h"

namespace lmsmail::service {
namespace {

using ::testing::ElementsAre;

constexpr absl::Duration kSoon = absl::Microseconds(10);
constexpr absl::Duration kPatience = absl::Minutes(1);

TEST(ReadinessTest, PreparesAgainUntilTheDatabaseIsThere) {
  int tries = 0;
  std::vector<bool> changes;
  absl::Notification ready;
  int prepared = 0;
  Readiness readiness(
      {.prepare = [&] { return ++tries < 3 ? absl::UnavailableError("away") : absl::OkStatus(); },
       .probe = [] { return absl::OkStatus(); },
       .prepared = [&] { ++prepared; },
       .changed =
           [&](bool now) {
             changes.push_back(now);
             ready.Notify();
           },
       .gave_up = [] { ADD_FAILURE() << "gave up"; }},
      kSoon, kPatience);
  ready.WaitForNotification();
  readiness.Stop();
  EXPECT_EQ(tries, 3);
  EXPECT_EQ(prepared, 1);
  EXPECT_THAT(changes, ElementsAre(true));
  EXPECT_OK(readiness.fault());
}

TEST(ReadinessTest, FollowsTheProbe) {
  int probes = 0;
  std::vector<bool> changes;
  absl::Notification done;
  Readiness readiness({.prepare = [] { return absl::OkStatus(); },
                       // There twice, away twice, then back.
                       .probe =
                           [&] {
                             const bool away = probes == 2 || probes == 3;
                             ++probes;
                             return away ? absl::UnavailableError("away") : absl::OkStatus();
                           },
                       .prepared = [] {},
                       .changed =
                           [&](bool now) {
                             changes.push_back(now);
                             if (changes.size() == 3) done.Notify();
                           },
                       .gave_up = [] { ADD_FAILURE() << "gave up"; }},
                      kSoon, kPatience);
  done.WaitForNotification();
  readiness.Stop();
  EXPECT_THAT(changes, ElementsAre(true, false, true));
}

TEST(ReadinessTest, ADatabaseThatHangsIsAway) {
  int probes = 0;
  std::vector<bool> changes;
  absl::Notification noticed;
  absl::Notification done;
  Readiness readiness({.prepare = [] { return absl::OkStatus(); },
                       .probe =
                           [&] {
                             if (++probes == 2) noticed.WaitForNotification();
                             return absl::OkStatus();
                           },
                       .prepared = [] {},
                       .changed =
                           [&](bool now) {
                             // On a busy machine more probes may be late.
                             if (changes.size() == 3) return;
                             changes.push_back(now);
                             if (!now) noticed.Notify();
                             if (changes.size() == 3) done.Notify();
                           },
                       .gave_up = [] { ADD_FAILURE() << "gave up"; }},
                      kSoon, absl::Milliseconds(20));
  done.WaitForNotification();
  readiness.Stop();
  EXPECT_THAT(changes, ElementsAre(true, false, true));
}

TEST(ReadinessTest, GivesUpOnWhatWaitingCannotMend) {
  std::atomic<int> tries = 0;
  absl::Notification gave_up;
  Readiness readiness({.prepare =
                           [&] {
                             ++tries;
                             return absl::FailedPreconditionError("0001 was edited");
                           },
                       .probe = [] { return absl::OkStatus(); },
                       .prepared = [] { ADD_FAILURE() << "prepared"; },
                       .changed = [](bool) { ADD_FAILURE() << "changed"; },
                       .gave_up = [&] { gave_up.Notify(); }},
                      kSoon, kPatience);
  gave_up.WaitForNotification();
  readiness.Stop();
  EXPECT_EQ(tries, 1);
  EXPECT_THAT(readiness.fault(), StatusIs(absl::StatusCode::kFailedPrecondition));
}

}  // namespace
}  // namespace lmsmail::service
