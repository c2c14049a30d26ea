#include "libs/config/value_parsing.h"

#include <limits>

#include "libs/testing/status_matchers.h"

namespace lmsmail::config::internal {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr auto kInvalid = absl::StatusCode::kInvalidArgument;

TEST(ParseBytesTest, AcceptsBinaryAndDecimalUnits) {
  EXPECT_THAT(ParseBytes("8MiB"), IsOkAndHolds(8 << 20));
  EXPECT_THAT(ParseBytes("64kB"), IsOkAndHolds(64'000));
  EXPECT_THAT(ParseBytes("1GiB"), IsOkAndHolds(1 << 30));
  EXPECT_THAT(ParseBytes("100B"), IsOkAndHolds(100));
  EXPECT_THAT(ParseBytes("0"), IsOkAndHolds(0));
}

TEST(ParseBytesTest, RefusesOtherText) {
  for (const char* text : {"", "MiB", "-1", "8 MiB", "1.5MiB", "8mib", "9000000000GiB"}) {
    EXPECT_THAT(ParseBytes(text), StatusIs(kInvalid, HasSubstr("8MiB"))) << text;
  }
}

TEST(FormatBytesTest, FormatsWhatParseBytesAccepts) {
  EXPECT_EQ(FormatBytes(8 << 20), "8MiB");
  EXPECT_EQ(FormatBytes(1500), "1500");
  EXPECT_EQ(FormatBytes(0), "0");
  for (const int64_t bytes : {int64_t{1}, int64_t{65536}, std::numeric_limits<int64_t>::max()}) {
    EXPECT_THAT(ParseBytes(FormatBytes(bytes)), IsOkAndHolds(bytes));
  }
}

TEST(ParseHostPortTest, AcceptsNamesAndAddresses) {
  EXPECT_THAT(ParseHostPort("mx.example.edu:587"), IsOkAndHolds(HostPort{"mx.example.edu", 587}));
  EXPECT_THAT(ParseHostPort("0.0.0.0:0"), IsOkAndHolds(HostPort{"0.0.0.0", 0}));
  EXPECT_THAT(ParseHostPort("[::1]:65535"), IsOkAndHolds(HostPort{"::1", 65535}));
}

TEST(ParseHostPortTest, RefusesOtherText) {
  for (const char* text : {"", "host", ":80", "host:", "host:65536", "host:-1", "::1:80", "[]:80",
                           "host:80x", "a b:80"}) {
    EXPECT_THAT(ParseHostPort(text), StatusIs(kInvalid, HasSubstr("host:port"))) << text;
  }
}

TEST(HostPortTest, BracketsIpv6) {
  EXPECT_EQ((HostPort{"::1", 80}).ToString(), "[::1]:80");
  EXPECT_EQ((HostPort{"localhost", 80}).ToString(), "localhost:80");
}

TEST(ParseListTest, SplitsAtCommasAndTrims) {
  EXPECT_THAT(ParseList("a, b,c"), ElementsAre("a", "b", "c"));
  EXPECT_THAT(ParseList(""), IsEmpty());
}

TEST(ParseDurationTest, NeedsAUnit) {
  EXPECT_THAT(ParseDuration("1h30m"), IsOkAndHolds(absl::Minutes(90)));
  EXPECT_THAT(ParseDuration("10"), StatusIs(kInvalid, HasSubstr("\"10\" is not a duration")));
}

TEST(ParseDurationTest, KnowsDays) {
  EXPECT_THAT(ParseDuration("30d"), IsOkAndHolds(absl::Hours(720)));
  EXPECT_THAT(ParseDuration("1d12h"), IsOkAndHolds(absl::Hours(36)));
  EXPECT_THAT(ParseDuration("-1d12h"), IsOkAndHolds(absl::Hours(-36)));
  for (const char* text : {"d", "1.5d", "30 d", "1d-12h", "12h1d", "1d1d", "1d ", "99999999999d"}) {
    EXPECT_THAT(ParseDuration(text), StatusIs(kInvalid, HasSubstr("is not a duration"))) << text;
  }
}

TEST(FormatDurationTest, ShowsDays) {
  EXPECT_EQ(internal::FormatDuration(absl::Hours(720)), "30d");
  EXPECT_EQ(internal::FormatDuration(absl::Hours(49)), "49h");
  EXPECT_EQ(internal::FormatDuration(absl::Hours(24)), "24h");
  EXPECT_EQ(internal::FormatDuration(absl::Milliseconds(1500)), "1.5s");
  EXPECT_EQ(internal::FormatDuration(absl::InfiniteDuration()), "inf");
}

TEST(ParseBoolTest, IsStrict) {
  EXPECT_THAT(ParseBool("true"), IsOkAndHolds(true));
  EXPECT_THAT(ParseBool("yes"), StatusIs(kInvalid, HasSubstr("true or false")));
}

TEST(ErrorsTest, QuoteTheBeginningOfLongText) {
  EXPECT_THAT(ParseInt(std::string(500, 'x')), StatusIs(kInvalid, HasSubstr("xxx...\"")));
}

}  // namespace
}  // namespace lmsmail::config::internal
