#include "libs/rpc/caller_limiter.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <vector>

#include "libs/testing/status_matchers.h"

namespace lmsmail::rpc {
namespace {

using ::testing::HasSubstr;

class CallerLimiterTest : public ::testing::Test {
 protected:
  FakeClock clock_{absl::FromUnixSeconds(1'800'000'000)};
  CallerLimiter limiter_{{.calls_per_second = 2, .streams = 1, .request_bytes = 100}, clock_};
  const identity::Caller lms_{.name = "lms", .roles = {type::v1::ROLE_SENDER}};
  const identity::Caller other_{.name = "other", .roles = {type::v1::ROLE_SENDER}};
};

TEST_F(CallerLimiterTest, BoundsTheCallsOfASecondForEachCaller) {
  EXPECT_OK(limiter_.Take(lms_, {}));
  EXPECT_OK(limiter_.Take(lms_, {}));
  EXPECT_THAT(limiter_.Take(lms_, {}), StatusIs(absl::StatusCode::kResourceExhausted,
                                                HasSubstr("lms has reached its limit of 2 calls")));
  EXPECT_OK(limiter_.Take(other_, {}));
  clock_.Advance(absl::Milliseconds(500));
  EXPECT_OK(limiter_.Take(lms_, {}));
  EXPECT_THAT(limiter_.Take(lms_, {}), StatusIs(absl::StatusCode::kResourceExhausted));
}

TEST_F(CallerLimiterTest, BoundsOpenStreams) {
  {
    const auto stream = limiter_.Take(lms_, {.stream = true});
    EXPECT_OK(stream);
    EXPECT_THAT(limiter_.Take(lms_, {.stream = true}),
                StatusIs(absl::StatusCode::kResourceExhausted, HasSubstr("streams")));
    EXPECT_OK(limiter_.Take(lms_, {}));
  }
  clock_.Advance(absl::Seconds(1));
  EXPECT_OK(limiter_.Take(lms_, {.stream = true}));
}

TEST_F(CallerLimiterTest, BoundsTheBytesOfRequestsButAllowsAnyOne) {
  {
    const auto large = limiter_.Take(lms_, {.request_bytes = 500});
    EXPECT_OK(large);
    EXPECT_THAT(limiter_.Take(lms_, {.request_bytes = 1}),
                StatusIs(absl::StatusCode::kResourceExhausted, HasSubstr("bytes")));
  }
  EXPECT_OK(limiter_.Take(lms_, {.request_bytes = 60}));
}

TEST_F(CallerLimiterTest, PrefersTheLimitsOfTheCaller) {
  identity::Caller large = lms_;
  large.limits = {.calls_per_second = 1000, .streams = 3, .request_bytes = 1000};
  std::vector<CallerLimiter::Permit> streams;
  for (int i = 0; i < 3; ++i) {
    auto permit = limiter_.Take(large, {.request_bytes = 300, .stream = true});
    ASSERT_OK(permit);
    streams.push_back(*std::move(permit));
  }
  EXPECT_THAT(limiter_.Take(large, {.stream = true}),
              StatusIs(absl::StatusCode::kResourceExhausted));
}

TEST_F(CallerLimiterTest, DoesNotBoundTheServicesOfTheSuite) {
  const identity::Caller scheduler{.name = "scheduler", .roles = {type::v1::ROLE_SCHEDULER}};
  for (int i = 0; i < 100; ++i) EXPECT_OK(limiter_.Take(scheduler, {.stream = true}));
}

}  // namespace
}  // namespace lmsmail::rpc
