#include "libs/rpc/call_identity.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace lmsmail::rpc {
namespace {

constexpr char kParent[] = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

TEST(CallIdentityTest, CreatesDistinctValidRequestIds) {
  EXPECT_TRUE(IsValidRequestId(NewRequestId()));
  EXPECT_NE(NewRequestId(), NewRequestId());
}

TEST(CallIdentityTest, RefusesRequestIdsThatAreUnsafeInALog) {
  EXPECT_TRUE(IsValidRequestId("weekly_progress/2026-W48/student-17"));
  EXPECT_FALSE(IsValidRequestId(""));
  EXPECT_FALSE(IsValidRequestId("two words"));
  EXPECT_FALSE(IsValidRequestId("line\nbreak"));
  EXPECT_FALSE(IsValidRequestId(std::string(129, 'x')));
}

TEST(CallIdentityTest, ChildKeepsTraceAndFlags) {
  const std::string child = ChildTraceparent(kParent);
  EXPECT_EQ(child.substr(0, 36), std::string(kParent).substr(0, 36));
  EXPECT_NE(child.substr(36, 16), std::string(kParent).substr(36, 16));
  EXPECT_EQ(child.substr(52), "-01");
}

TEST(CallIdentityTest, StartsATraceWhenTheParentIsInvalid) {
  for (const char* parent :
       {"", "garbage", "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
        "00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01"}) {
    EXPECT_THAT(ChildTraceparent(parent),
                ::testing::MatchesRegex("00-[0-9a-f]{32}-[0-9a-f]{16}-00"))
        << parent;
  }
}

}  // namespace
}  // namespace lmsmail::rpc
