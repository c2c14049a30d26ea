#include "libs/unicode/key.h"

#include <gtest/gtest.h>

namespace lmsmail::unicode {
namespace {

TEST(KeyTest, HasOneSpelling) {
  EXPECT_EQ(NormalizeKey("pay-7"), "pay-7");
  EXPECT_EQ(NormalizeKey(" \t\xc2\xa0pay 7\r\n\xe3\x80\x80"), "pay 7");  // no-break, ideographic
  EXPECT_EQ(NormalizeKey("u\xcc\x88"), "\xc3\xbc");
  EXPECT_EQ(NormalizeKey("\xe2\x84\xab"), "\xc3\x85");  // the Angstrom sign is the letter
  EXPECT_EQ(NormalizeKey(" \n "), "");
  EXPECT_EQ(NormalizeKey(""), "");
}

TEST(KeyTest, PrintableAsciiIsPlain) {
  EXPECT_TRUE(IsPlainKey("enrollment/cpp-101/ada/e 1"));
  EXPECT_TRUE(IsPlainKey(""));
  for (const char* key : {" a", "a ", "a\n", "\xc3\xbc", " "}) EXPECT_FALSE(IsPlainKey(key)) << key;
}

}  // namespace
}  // namespace lmsmail::unicode
