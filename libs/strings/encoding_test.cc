#include "libs/strings/encoding.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace lmsmail {
namespace {

using ::testing::Optional;

// RFC 4648 section 10, without the padding.
TEST(Base64UrlTest, MatchesVectorsOfRfc4648) {
  const std::pair<std::string, std::string> vectors[] = {
      {"", ""},           {"f", "Zg"},          {"fo", "Zm8"},         {"foo", "Zm9v"},
      {"foob", "Zm9vYg"}, {"fooba", "Zm9vYmE"}, {"foobar", "Zm9vYmFy"}};
  for (const auto& [bytes, text] : vectors) {
    EXPECT_EQ(Base64UrlEncode(bytes), text);
    EXPECT_THAT(Base64UrlDecode(text), Optional(bytes));
  }
}

TEST(Base64UrlTest, UsesUrlSafeAlphabet) {
  EXPECT_EQ(Base64UrlEncode("\xfb\xff\xfe"), "-__-");
  EXPECT_THAT(Base64UrlDecode("-__-"), Optional(std::string("\xfb\xff\xfe")));
}

TEST(Base64UrlTest, KeepsEveryByte) {
  std::string bytes;
  for (int i = 0; i < 256; ++i) {
    bytes.push_back(static_cast<char>(i));
    ASSERT_THAT(Base64UrlDecode(Base64UrlEncode(bytes)), Optional(bytes));
  }
}

TEST(Base64UrlTest, RefusesEveryOtherSpelling) {
  for (const std::string_view text :
       {"Z", "Zg==", "Zg=", "Zh", "Zm9", "+//+", "Zm 9v", "Zm9v\n", "Zm9vY", "Zm9\xff"}) {
    EXPECT_EQ(Base64UrlDecode(text), std::nullopt) << text;
  }
  EXPECT_EQ(Base64UrlDecode(std::string_view("Zm\0v", 4)), std::nullopt);
}

// RFC 4648 section 10, without the padding.
TEST(Base32Test, MatchesVectorsOfRfc4648) {
  const std::pair<std::string, std::string> vectors[] = {{"", ""},
                                                         {"f", "my"},
                                                         {"fo", "mzxq"},
                                                         {"foo", "mzxw6"},
                                                         {"foob", "mzxw6yq"},
                                                         {"fooba", "mzxw6ytb"},
                                                         {"foobar", "mzxw6ytboi"}};
  for (const auto& [bytes, text] : vectors) {
    EXPECT_EQ(Base32Encode(bytes), text);
    EXPECT_THAT(Base32Decode(text), Optional(bytes));
  }
  EXPECT_THAT(Base32Decode("MZxW6YTBOI"), Optional(std::string("foobar")));
}

TEST(Base32Test, KeepsEveryByte) {
  std::string bytes;
  for (int i = 0; i < 256; ++i) {
    bytes.push_back(static_cast<char>(i));
    ASSERT_THAT(Base32Decode(Base32Encode(bytes)), Optional(bytes));
  }
}

TEST(Base32Test, RefusesEveryOtherSpelling) {
  for (const std::string_view text :
       {"m", "mz", "mzx", "mzxw6y", "my======", "m1", "m0", "m8", "mz xq", "mzxq\n", "mzx\xff"}) {
    EXPECT_EQ(Base32Decode(text), std::nullopt) << text;
  }
  EXPECT_EQ(Base32Decode(std::string_view("mzx\0", 4)), std::nullopt);
}

TEST(HexTest, EncodesAndDecodes) {
  EXPECT_EQ(HexEncode(std::string_view("\x00\x7f\xff", 3)), "007fff");
  EXPECT_THAT(HexDecode("007fFF"), Optional(std::string("\x00\x7f\xff", 3)));
}

TEST(HexTest, RefusesWhatIsNotHex) {
  for (const std::string_view text : {"0", "0g", "0x00", " 0", "0\xff"}) {
    EXPECT_EQ(HexDecode(text), std::nullopt) << text;
  }
}

}  // namespace
}  // namespace lmsmail
