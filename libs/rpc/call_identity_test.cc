#include "libs/rpc/call_identity.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace lmsmail::rpc {
namespace {

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

}  // namespace
}  // namespace lmsmail::rpc
