#include "libs/service/readiness.h"

#include <gtest/gtest.h>

#include <atomic>
#include <vector>

#include "absl/synchronization/notification.h"

#include "libs/testing/status_matchers.h"

namespace lmsmail::service {
namespace {

using ::testing::ElementsAre;

constexpr absl::Duration kInterval = absl::Microseconds(10);
constexpr absl::Duration kProbeTimeout = absl::Minutes(1);

TEST(ReadinessTest, PreparesUntilTheDatabaseIsAvailable) {
  int tries = 0;
  std::vector<bool> changes;
  absl::Notification ready;
  int prepared = 0;
  Readiness readiness(
      {.prepare = [&] { return ++tries < 3 ? absl::UnavailableError("down") : absl::OkStatus(); },
       .probe = [] { return absl::OkStatus(); },
       .prepared = [&] { ++prepared; },
       .changed =
           [&](bool now) {
             changes.push_back(now);
             ready.Notify();
           },
       .failed = [] { ADD_FAILURE() << "failed"; }},
      kInterval, kProbeTimeout);
  ready.WaitForNotification();
  readiness.Stop();
  EXPECT_EQ(tries, 3);
  EXPECT_EQ(prepared, 1);
  EXPECT_THAT(changes, ElementsAre(true));
  EXPECT_OK(readiness.error());
}

TEST(ReadinessTest, FollowsTheProbe) {
  int probes = 0;
  std::vector<bool> changes;
  absl::Notification done;
  Readiness readiness({.prepare = [] { return absl::OkStatus(); },
                       // Up twice, down twice, then up.
                       .probe =
                           [&] {
                             const bool down = probes == 2 || probes == 3;
                             ++probes;
                             return down ? absl::UnavailableError("down") : absl::OkStatus();
                           },
                       .prepared = [] {},
                       .changed =
                           [&](bool now) {
                             changes.push_back(now);
                             if (changes.size() == 3) done.Notify();
                           },
                       .failed = [] { ADD_FAILURE() << "failed"; }},
                      kInterval, kProbeTimeout);
  done.WaitForNotification();
  readiness.Stop();
  EXPECT_THAT(changes, ElementsAre(true, false, true));
}

TEST(ReadinessTest, TreatsADatabaseThatHangsAsUnavailable) {
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
                       .failed = [] { ADD_FAILURE() << "failed"; }},
                      kInterval, absl::Milliseconds(20));
  done.WaitForNotification();
  readiness.Stop();
  EXPECT_THAT(changes, ElementsAre(true, false, true));
}

TEST(ReadinessTest, FailsForGoodWhenTheErrorIsNotTransient) {
  std::atomic<int> tries = 0;
  absl::Notification failed;
  Readiness readiness({.prepare =
                           [&] {
                             ++tries;
                             return absl::FailedPreconditionError("0001 was edited");
                           },
                       .probe = [] { return absl::OkStatus(); },
                       .prepared = [] { ADD_FAILURE() << "prepared"; },
                       .changed = [](bool) { ADD_FAILURE() << "changed"; },
                       .failed = [&] { failed.Notify(); }},
                      kInterval, kProbeTimeout);
  failed.WaitForNotification();
  readiness.Stop();
  EXPECT_EQ(tries, 1);
  EXPECT_THAT(readiness.error(), StatusIs(absl::StatusCode::kFailedPrecondition));
}

}  // namespace
}  // namespace lmsmail::service
