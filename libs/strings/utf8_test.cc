#include "libs/strings/utf8.h"

#include <gtest/gtest.h>

namespace lmsmail {
namespace {

TEST(Utf8Test, RefusesIllFormedText) {
  EXPECT_TRUE(IsValidUtf8("aя€\U0001F600\U0010FFFF"));
  EXPECT_FALSE(IsValidUtf8("\x80"));
  EXPECT_FALSE(IsValidUtf8("\xC0\xAF"));          // overlong
  EXPECT_FALSE(IsValidUtf8("\xE0\x80\x80"));      // overlong
  EXPECT_FALSE(IsValidUtf8("\xED\xA0\x80"));      // surrogate
  EXPECT_FALSE(IsValidUtf8("\xF4\x90\x80\x80"));  // past U+10FFFF
  EXPECT_FALSE(IsValidUtf8("\xE2\x82"));          // cut short
}

TEST(Utf8Test, TruncatesBetweenCodePoints) {
  EXPECT_EQ(TruncateUtf8("aя€", 6), "aя€");
  EXPECT_EQ(TruncateUtf8("aя€", 5), "aя");
  EXPECT_EQ(TruncateUtf8("aя€", 3), "aя");
  EXPECT_EQ(TruncateUtf8("aя€", 2), "a");
  EXPECT_EQ(TruncateUtf8("я", 1), "");
  EXPECT_EQ(TruncateUtf8("я", 0), "");
}

}  // namespace
}  // namespace lmsmail
