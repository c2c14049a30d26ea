#include "libs/etag/etag.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "libs/testing/status_matchers.h"

namespace lmsmail::etag {
namespace {

TEST(EtagTest, DependsOnTheContentAlone) {
  EXPECT_EQ(Make("revision 7"), Make("revision 7"));
  EXPECT_NE(Make("revision 7"), Make("revision 8"));
  EXPECT_THAT(Make(""), ::testing::MatchesRegex("W/\"[A-Za-z0-9_-]+\""));
}

TEST(EtagTest, RejectsOnlyADifferentEtag) {
  EXPECT_OK(Check("", "b", "templates/welcome"));
  EXPECT_OK(Check("b", "b", "templates/welcome"));
  EXPECT_THAT(Check("a", "b", "templates/welcome"),
              StatusIs(absl::StatusCode::kAborted, ::testing::HasSubstr("templates/welcome")));
}

}  // namespace
}  // namespace lmsmail::etag
