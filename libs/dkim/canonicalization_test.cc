#include "libs/dkim/canonicalization.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace lmsmail::dkim {
namespace {

std::string RelaxedHeader(std::string_view field) {
  std::string out;
  AppendRelaxedHeader(field, out);
  return out;
}

// The examples of RFC 6376 section 3.4.5.
TEST(RelaxedHeaderTest, MatchesTheExamplesOfRfc6376) {
  EXPECT_EQ(RelaxedHeader("A: X"), "a:X");
  EXPECT_EQ(RelaxedHeader("B : Y\t\r\n\tZ  "), "b:Y Z");
}

TEST(RelaxedHeaderTest, UnfoldsAndReducesBlanks) {
  EXPECT_EQ(RelaxedHeader("Subject:"), "subject:");
  EXPECT_EQ(RelaxedHeader("Subject: \t "), "subject:");
  EXPECT_EQ(RelaxedHeader("SUBJECT:a: b\r\n  c"), "subject:a: b c");
}

TEST(RelaxedBodyTest, MatchesTheExamplesOfRfc6376) {
  EXPECT_EQ(RelaxedBody(" C \r\nD \t E\r\n\r\n\r\n"), " C\r\nD E\r\n");
}

TEST(RelaxedBodyTest, KeepsInnerEmptyLinesAndEndsTheLastLine) {
  EXPECT_EQ(RelaxedBody(""), "");
  EXPECT_EQ(RelaxedBody("\r\n\r\n"), "");
  EXPECT_EQ(RelaxedBody(" \t\r\n"), "");
  EXPECT_EQ(RelaxedBody("a"), "a\r\n");
  EXPECT_EQ(RelaxedBody("a\r\n \r\n\r\nb"), "a\r\n\r\n\r\nb\r\n");
  EXPECT_EQ(RelaxedBody("\r\na\r\n"), "\r\na\r\n");
}

}  // namespace
}  // namespace lmsmail::dkim
