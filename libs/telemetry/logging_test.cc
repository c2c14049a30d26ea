#include "libs/telemetry/logging.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "libs/clock/clock.h"
#include "libs/telemetry/limited_log.h"
#include "libs/telemetry/testing/scoped_log_capture.h"

namespace lmsmail::telemetry {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::MatchesRegex;
using ::testing::Pair;
using ::testing::SizeIs;

// The log output belongs to the process; the capture restores it.
std::string StderrOf(const LoggingOptions& options) {
  const ScopedLogCapture restores_the_output_afterwards;
  ::testing::internal::CaptureStderr();
  InitLogging(options);
  LogDebug("detail");
  LogInfo("batch sent", {{"lane", "bulk"}, {"count", 3}});
  return ::testing::internal::GetCapturedStderr();
}

TEST(LoggingTest, WritesJsonLines) {
  EXPECT_THAT(
      StderrOf({.service = "dispatch", .format = LogFormat::kJson}),
      MatchesRegex("\\{\"time\":\"[0-9T:.-]+Z\",\"level\":\"info\",\"service\":\"dispatch\","
                   "\"message\":\"batch sent\",\"lane\":\"bulk\",\"count\":3\\}\n"));
}

TEST(LoggingTest, WritesTextLinesOfTheLevelAndAbove) {
  EXPECT_THAT(
      StderrOf({.service = "dispatch", .level = Level::kDebug, .format = LogFormat::kText}),
      MatchesRegex("[0-9T:.-]+Z DEBUG detail\n[0-9T:.-]+Z INFO batch sent lane=bulk count=3\n"));
}

TEST(LoggingTest, AutoIsJsonWhenStderrIsNotATerminal) {
  EXPECT_THAT(StderrOf({.service = "dispatch"}), MatchesRegex("\\{\"time\".*\n"));
}

TEST(LoggingTest, WritesNothingBelowTheLevel) {
  EXPECT_EQ(StderrOf({.service = "dispatch", .level = Level::kWarning}), "");
}

TEST(ScopedLogCaptureTest, KeepsEventsOfEveryLevelAndNests) {
  const ScopedLogCapture outer;
  {
    const ScopedLogCapture inner;
    LogDebug("detail", {{"count", 3}});
    ASSERT_THAT(inner.events(), SizeIs(1));
    EXPECT_EQ(inner.events()[0].level, Level::kDebug);
    EXPECT_EQ(inner.events()[0].message, "detail");
    EXPECT_THAT(inner.events()[0].fields, ElementsAre(Pair("count", "3")));
  }
  EXPECT_THAT(outer.events(), IsEmpty());
  LogError("failed");
  ASSERT_THAT(outer.events(), SizeIs(1));
  EXPECT_EQ(outer.events()[0].level, Level::kError);
}

TEST(LogEveryTest, LogsOncePerIntervalAndCountsSuppressedEvents) {
  const ScopedLogCapture capture;
  FakeClock clock(absl::UnixEpoch());
  LogEvery every(absl::Seconds(10), clock);
  for (int i = 0; i < 4; ++i) every.Log(Level::kError, "database unreachable");
  ASSERT_THAT(capture.events(), SizeIs(1));
  EXPECT_THAT(capture.events()[0].fields, IsEmpty());

  clock.Advance(absl::Seconds(10));
  every.Log(Level::kError, "database unreachable", {{"attempt", 5}});
  ASSERT_THAT(capture.events(), SizeIs(2));
  EXPECT_THAT(capture.events()[1].fields,
              ElementsAre(Pair("attempt", "5"), Pair("suppressed", "3")));
}

TEST(LimitedLogTest, LogsABurstAndThenOneEventPerInterval) {
  const ScopedLogCapture capture;
  FakeClock clock(absl::UnixEpoch());
  LimitedLog log(3, absl::Seconds(1), clock);
  for (int i = 0; i < 10; ++i) log.Log(Level::kWarning, "refused");
  EXPECT_THAT(capture.events(), SizeIs(3));

  clock.Advance(absl::Seconds(1));
  for (int i = 0; i < 10; ++i) log.Log(Level::kWarning, "refused", {{"attempt", i}});
  ASSERT_THAT(capture.events(), SizeIs(4));
  EXPECT_THAT(capture.events()[3].fields,
              ElementsAre(Pair("attempt", "0"), Pair("suppressed", "7")));

  clock.Advance(absl::Hours(1));
  for (int i = 0; i < 10; ++i) log.Log(Level::kWarning, "refused");
  EXPECT_THAT(capture.events(), SizeIs(7));
}

}  // namespace
}  // namespace lmsmail::telemetry
