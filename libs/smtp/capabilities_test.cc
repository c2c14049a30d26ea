#include "libs/smtp/capabilities.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace lmsmail::smtp {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

TEST(Capabilities, MatchesKeywordsInAnyCase) {
  const Capabilities capabilities = ParseEhlo(
      "mx.example at your service\nPipelining\nsize 35882577\n8bitmime\nSTARTTLS\nSMTPUTF8\n"
      "auth Plain LOGIN  xoauth2\nENHANCEDSTATUSCODES");

  EXPECT_TRUE(capabilities.pipelining);
  EXPECT_TRUE(capabilities.eight_bit_mime);
  EXPECT_TRUE(capabilities.starttls);
  EXPECT_TRUE(capabilities.smtputf8);
  EXPECT_TRUE(capabilities.size);
  EXPECT_EQ(capabilities.max_size, 35882577u);
  EXPECT_THAT(capabilities.auth_mechanisms, ElementsAre("PLAIN", "LOGIN", "XOAUTH2"));
  EXPECT_EQ(capabilities.lines.size(), 7u);
}

TEST(Capabilities, IgnoresTheGreetingLine) {
  EXPECT_FALSE(ParseEhlo("PIPELINING").pipelining);
  EXPECT_THAT(ParseEhlo("PIPELINING").lines, IsEmpty());
}

TEST(Capabilities, AcceptsSizeWithoutALimit) {
  for (const char* text : {"x\nSIZE", "x\nSIZE 0", "x\nSIZE many"}) {
    EXPECT_TRUE(ParseEhlo(text).size) << text;
    EXPECT_EQ(ParseEhlo(text).max_size, 0u) << text;
  }
}

TEST(Capabilities, AcceptsTheOldFormOfAuth) {
  EXPECT_THAT(ParseEhlo("x\nAUTH=LOGIN PLAIN").auth_mechanisms, ElementsAre("LOGIN", "PLAIN"));
}

TEST(Capabilities, MatchesWholeWordsOnly) {
  const Capabilities capabilities = ParseEhlo("x\nPIPELININGX\nXSMTPUTF8\n");
  EXPECT_FALSE(capabilities.pipelining);
  EXPECT_FALSE(capabilities.smtputf8);
}

}  // namespace
}  // namespace lmsmail::smtp
