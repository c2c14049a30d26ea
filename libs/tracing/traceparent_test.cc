#include "libs/tracing/traceparent.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace lmsmail::tracing {
namespace {

constexpr char kParent[] = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

TEST(TraceparentTest, ChildKeepsTraceAndFlags) {
  const std::string child = ChildTraceparent(kParent);
  EXPECT_TRUE(IsValid(child));
  EXPECT_EQ(TraceIdOf(child), TraceIdOf(kParent));
  EXPECT_NE(SpanIdOf(child), SpanIdOf(kParent));
  EXPECT_EQ(child.substr(52), "-01");
}

TEST(TraceparentTest, StartsATraceWhenTheParentIsInvalid) {
  for (const char* parent :
       {"", "garbage", "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
        "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01",
        "00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01",
        "ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
        "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-",
        "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-0g"}) {
    EXPECT_FALSE(IsValid(parent)) << parent;
    EXPECT_FALSE(IsSampled(parent)) << parent;
    EXPECT_THAT(ChildTraceparent(parent),
                ::testing::MatchesRegex("00-[0-9a-f]{32}-[0-9a-f]{16}-00"))
        << parent;
  }
}

TEST(TraceparentTest, TheLowestFlagSaysWhetherATraceIsSampled) {
  const std::string stem = std::string(kParent).substr(0, 53);
  EXPECT_TRUE(IsSampled(stem + "01"));
  EXPECT_TRUE(IsSampled(stem + "03"));
  EXPECT_TRUE(IsSampled(stem + "ff"));
  EXPECT_FALSE(IsSampled(stem + "00"));
  EXPECT_FALSE(IsSampled(stem + "02"));
}

TEST(TraceparentTest, TheRatioConcernsNewTracesOnly) {
  SetSampleRatio(1);
  EXPECT_TRUE(IsSampled(ChildTraceparent("")));
  EXPECT_FALSE(IsSampled(ChildTraceparent(std::string(kParent).substr(0, 53) + "00")));
  SetSampleRatio(0);
  EXPECT_FALSE(IsSampled(ChildTraceparent("")));
  EXPECT_TRUE(IsSampled(ChildTraceparent(kParent)));
}

}  // namespace
}  // namespace lmsmail::tracing
