#include "services/dispatch/transports/rate_headers.h"

#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <utility>

namespace lmsmail::dispatch {
namespace {

const absl::Time kNow = absl::FromUnixSeconds(1'800'000'000);  // Fri, 15 Jan 2027 08:00:00 GMT

std::optional<absl::Duration> WaitFor(std::string name, std::string value) {
  const auto time = RetryTimeOf({.headers = {{std::move(name), std::move(value)}}}, kNow);
  return time ? std::optional(*time - kNow) : std::nullopt;
}

TEST(RetryTimeOfTest, ReadsSecondsDatesAndResets) {
  EXPECT_EQ(WaitFor("Retry-After", "30"), absl::Seconds(30));
  EXPECT_EQ(WaitFor("retry-after", "Fri, 15 Jan 2027 08:01:00 GMT"), absl::Minutes(1));
  EXPECT_EQ(WaitFor("X-RateLimit-Reset", "1800000010"), absl::Seconds(10));
  EXPECT_EQ(WaitFor("X-Ratelimit-Reset", "1800000000.5"), absl::Milliseconds(500));
}

TEST(RetryTimeOfTest, IsNeverInThePastNorFarAhead) {
  EXPECT_EQ(WaitFor("X-RateLimit-Reset", "1700000000"), absl::ZeroDuration());
  EXPECT_EQ(WaitFor("Retry-After", "Thu, 01 Jan 1970 00:00:00 GMT"), absl::ZeroDuration());
  EXPECT_EQ(WaitFor("Retry-After", "1e300"), kMaxRetryAfter);
  EXPECT_EQ(WaitFor("X-RateLimit-Reset", "inf"), kMaxRetryAfter);
}

TEST(RetryTimeOfTest, IgnoresWhatItCannotRead) {
  for (const char* value : {"", "soon", "-5", "nan", "Fri, 15 Foo 2027 08:01:00 GMT"}) {
    EXPECT_EQ(WaitFor("Retry-After", value), std::nullopt) << value;
    EXPECT_EQ(WaitFor("X-RateLimit-Reset", value), std::nullopt) << value;
  }
}

TEST(ExhaustedUntilTest, IsTheResetOnceNothingRemains) {
  http_client::Response response;
  response.headers = {{"X-RateLimit-Remaining", "1"}, {"X-RateLimit-Reset", "1800000010"}};
  EXPECT_EQ(ExhaustedUntil(response, kNow), std::nullopt);
  response.headers[0].second = "0";
  EXPECT_EQ(ExhaustedUntil(response, kNow), kNow + absl::Seconds(10));
  response.headers.pop_back();
  EXPECT_EQ(ExhaustedUntil(response, kNow), std::nullopt);
}

}  // namespace
}  // namespace lmsmail::dispatch
