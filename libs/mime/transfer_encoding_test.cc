#include "libs/mime/transfer_encoding.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace lmsmail::mime {
namespace {

std::string QuotedPrintable(std::string_view text) {
  std::string out;
  AppendQuotedPrintable(text, out);
  return out;
}
std::string Base64(std::string_view text) {
  std::string out;
  AppendBase64(text, out);
  return out;
}
std::string Repeat(std::string_view piece, int times) {
  std::string text;
  for (int i = 0; i < times; ++i) text += piece;
  return text;
}

TEST(QuotedPrintableTest, EncodesAllButPlainText) {
  EXPECT_EQ(QuotedPrintable(""), "");
  EXPECT_EQ(QuotedPrintable("Hello, Ann!"), "Hello, Ann!");
  EXPECT_EQ(QuotedPrintable("1+1=2"), "1+1=3D2");
  EXPECT_EQ(QuotedPrintable("Grüße"), "Gr=C3=BC=C3=9Fe");
  EXPECT_EQ(QuotedPrintable("\x01\x7f~"), "=01=7F~");
  EXPECT_EQ(QuotedPrintable("eight or more: é"), "eight or more: =C3=A9");
  EXPECT_EQ(QuotedPrintable("amid\x7fothers, amid\x1eothers, amid=others"),
            "amid=7Fothers, amid=1Eothers, amid=3Dothers");
}

TEST(QuotedPrintableTest, ConvertsEveryLineEndToCrlf) {
  EXPECT_EQ(QuotedPrintable("a\nb\r\nc\rd\n\ne\r"), "a\r\nb\r\nc\r\nd\r\n\r\ne\r\n");
  EXPECT_EQ(QuotedPrintable("\n"), "\r\n");
}

TEST(QuotedPrintableTest, EncodesBlanksAtTheEndOfALine) {
  EXPECT_EQ(QuotedPrintable("a \nb\t\nc \t"), "a=20\r\nb=09\r\nc =09");
  EXPECT_EQ(QuotedPrintable("a\tb c"), "a\tb c");
  EXPECT_EQ(QuotedPrintable(" "), "=20");
}

TEST(QuotedPrintableTest, EncodesWhatARelayOrAnMboxWouldChange) {
  EXPECT_EQ(QuotedPrintable("From me\n.\n..\nFromage\nx From . y"),
            "=46rom me\r\n=2E\r\n=2E.\r\nFromage\r\nx From . y");
  // A soft break also starts a new line.
  EXPECT_EQ(QuotedPrintable(std::string(75, 'x') + ".y"), std::string(75, 'x') + "=\r\n=2Ey");
  EXPECT_EQ(QuotedPrintable(std::string(75, 'x') + "From y"),
            std::string(75, 'x') + "=\r\n=46rom y");
}

TEST(QuotedPrintableTest, BreaksLinesAsLateAsPossibleWithin76) {
  const std::string full(75, 'x');
  EXPECT_EQ(QuotedPrintable(full), full);
  EXPECT_EQ(QuotedPrintable(full + "\n"), full + "\r\n");
  EXPECT_EQ(QuotedPrintable(full + "y"), full + "=\r\ny");
  // An "=" in the columns 72 to 77: its escape moves to the next line as a whole.
  for (std::size_t before = 71; before <= 76; ++before) {
    const std::string start(before, 'x');
    const std::string want = before <= 72   ? start + "=3Dz"
                             : before <= 75 ? start + "=\r\n=3Dz"
                                            : full + "=\r\nx=3Dz";
    EXPECT_EQ(QuotedPrintable(start + "=z"), before == 72 ? start + "=3D=\r\nz" : want) << before;
  }
  // A blank at the end of a full line.
  EXPECT_EQ(QuotedPrintable(std::string(74, 'x') + " \n"), std::string(74, 'x') + "=\r\n=20\r\n");
  EXPECT_EQ(QuotedPrintable(std::string(72, 'x') + " \n"), std::string(72, 'x') + "=20\r\n");
}

TEST(QuotedPrintableTest, NeverContainsABoundary) {
  EXPECT_EQ(QuotedPrintable("--=_0123456789abcdef").find("=_"), std::string::npos);
}

TEST(Base64Test, MatchesRfc4648) {
  const auto unbroken = [](std::string_view text) {
    std::string out;
    AppendBase64Unbroken(text, out);
    return out;
  };
  EXPECT_EQ(unbroken(""), "");
  EXPECT_EQ(unbroken("f"), "Zg==");
  EXPECT_EQ(unbroken("fo"), "Zm8=");
  EXPECT_EQ(unbroken("foo"), "Zm9v");
  EXPECT_EQ(unbroken("foob"), "Zm9vYg==");
  EXPECT_EQ(unbroken("fooba"), "Zm9vYmE=");
  EXPECT_EQ(unbroken("foobar"), "Zm9vYmFy");
  EXPECT_EQ(unbroken("\xff\xfe\xfd"), "//79");
}

TEST(Base64Test, BreaksLinesAt76AndConvertsLineEnds) {
  const std::string full = Repeat("AAAA", 19);
  EXPECT_EQ(Base64(std::string(57, '\0')), full);
  EXPECT_EQ(Base64(std::string(58, '\0')), full + "\r\nAA==");
  EXPECT_EQ(Base64("a\nb"), Base64("a\r\nb"));
  EXPECT_EQ(Base64("a\rb"), Base64("a\r\nb"));
}

TEST(ShorterEncodingTest, ChoosesByLength) {
  EXPECT_EQ(ShorterEncoding(""), TransferEncoding::kQuotedPrintable);
  EXPECT_EQ(ShorterEncoding("Plain text\nin lines\n"), TransferEncoding::kQuotedPrintable);
  EXPECT_EQ(ShorterEncoding(Repeat("Schöne Grüße aus der Schule am See. ", 20)),
            TransferEncoding::kQuotedPrintable);
  EXPECT_EQ(ShorterEncoding("Добро пожаловать"), TransferEncoding::kBase64);
  EXPECT_EQ(ShorterEncoding("ようこそ"), TransferEncoding::kBase64);
}

}  // namespace
}  // namespace lmsmail::mime
