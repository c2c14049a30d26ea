#include "libs/render/encode.h"

#include <gtest/gtest.h>

#include <limits>
#include <string>

namespace lmsmail::render {
namespace {

std::string Number(double number) {
  std::string out;
  AppendNumber(number, out);
  return out;
}

std::string OneLine(std::string text) {
  CollapseToOneLine(text);
  return text;
}

TEST(AppendHtmlEscaped, EscapesAndOmitsControlCharacters) {
  std::string out = "> ";
  AppendHtmlEscaped(std::string("a<b>&\"'\0\x1b\tя\n", 13), out);
  EXPECT_EQ(out, "> a&lt;b&gt;&amp;&quot;&#39;\tя\n");
}

TEST(AppendPlain, OmitsControlCharactersOnly) {
  std::string out;
  AppendPlain(std::string("<a>\0\x07\r\n", 7), out);
  EXPECT_EQ(out, "<a>\r\n");
}

TEST(AppendNumber, WritesWholeNumbersWithoutDecimalsAndOthersShortest) {
  EXPECT_EQ(Number(0), "0");
  EXPECT_EQ(Number(-0.0), "0");
  EXPECT_EQ(Number(42), "42");
  EXPECT_EQ(Number(-1000000), "-1000000");
  EXPECT_EQ(Number(9007199254740991), "9007199254740991");
  EXPECT_EQ(Number(0.1), "0.1");
  EXPECT_EQ(Number(0.1 + 0.2), "0.30000000000000004");
  EXPECT_EQ(Number(99.5), "99.5");
  EXPECT_EQ(Number(1e300), "1e+300");
  EXPECT_EQ(Number(std::numeric_limits<double>::infinity()), "inf");
}

TEST(CollapseToOneLine, ReplacesLineBreaksAndControlCharacters) {
  EXPECT_EQ(OneLine("plain  text"), "plain  text");
  EXPECT_EQ(OneLine("a\r\nBcc: b"), "a Bcc: b");
  EXPECT_EQ(OneLine("a\r\n\t\n b"), "a  b");
  EXPECT_EQ(OneLine(std::string("a\0b\x7f", 4)), "a b");
  EXPECT_EQ(OneLine("a\u0085b\u2028c\u2029d"), "a b c d");
  EXPECT_EQ(OneLine("\n я \n"), "я");
  EXPECT_EQ(OneLine("\r\n"), "");
  EXPECT_EQ(OneLine("truncated \xE2\x80"), "truncated \xE2\x80");
}

}  // namespace
}  // namespace lmsmail::render
