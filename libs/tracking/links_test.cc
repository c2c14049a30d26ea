#include "libs/tracking/links.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace lmsmail::tracking {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::Optional;

token::KeyRing Ring(char digit, const std::string& id = "k1") {
  return token::KeyRing::Parse(id + ":" + std::string(64, digit)).value();
}

const Click kClick{"0a1b2c3d4e5f6", 2, 5, "https://learn.example/a?b=1&c=2#d.e"};

TEST(TrackingLinksTest, TokensHoldWhatTheySay) {
  const Links links(Ring('a'));
  EXPECT_THAT(links.ParseOpen(links.OpenToken("0a1b2c3d4e5f6")),
              Optional(std::string("0a1b2c3d4e5f6")));
  EXPECT_THAT(links.ParseClick(links.ClickToken(kClick)), Optional(kClick));
  EXPECT_EQ(links.ClickToken(kClick), links.ClickToken(kClick));
  EXPECT_THAT(links.ClickToken(kClick), Not(HasSubstr("learn")));
  Click longest = kClick;
  longest.target = "https://a/" + std::string(kMaxTarget - 10, 'x');
  EXPECT_THAT(links.ParseClick(links.ClickToken(longest)), Optional(longest));
}

TEST(TrackingLinksTest, ATokenWorksForItsPurposeAndKeyOnly) {
  const Links links(Ring('a'));
  const std::string open = links.OpenToken("0a1b2c3d4e5f6");
  const std::string click = links.ClickToken(kClick);
  EXPECT_EQ(links.ParseClick(open), std::nullopt);
  EXPECT_EQ(links.ParseOpen(click), std::nullopt);
  EXPECT_EQ(Links(Ring('b')).ParseOpen(open), std::nullopt);
  EXPECT_EQ(Links(Ring('b')).ParseClick(click), std::nullopt);
  EXPECT_EQ(links.ParseOpen(Ring('a').Seal("unsubscribe", "0a1b2c3d4e5f6")), std::nullopt);
}

TEST(TrackingLinksTest, RefusesAnyOtherText) {
  const Links links(Ring('a'));
  const std::string token = links.ClickToken(kClick);
  for (std::size_t i = 0; i < token.size(); ++i) {
    std::string changed = token;
    changed[i] = static_cast<char>(changed[i] ^ 1);
    EXPECT_EQ(links.ParseClick(changed), std::nullopt) << i;
    EXPECT_EQ(links.ParseClick(token.substr(0, i)), std::nullopt) << i;
  }
  EXPECT_EQ(links.ParseClick(std::string(100'000, 'a')), std::nullopt);
  for (const std::string payload :
       {"", "a", "a.1", "a.1.2", "a.1.2.", "a.1.2.javascript:alert(1)", ".1.2.https://a.example",
        "a.x.2.https://a.example", "a.1.2.//a.example", "A.1.2.https://a.example"}) {
    if (!payload.empty()) {
      EXPECT_EQ(links.ParseClick(Ring('a').Seal("click", payload)), std::nullopt) << payload;
    }
  }
  EXPECT_EQ(links.ParseOpen(Ring('a').Seal("open", "a/b")), std::nullopt);
}

TEST(TrackingLinksTest, TargetsAreSafeInAHeaderAndLeadToTheWeb) {
  for (const std::string url : {"https://a", "HTTP://a.example/x?y#z", "https://[::1]/"}) {
    EXPECT_TRUE(IsTarget(url)) << url;
  }
  for (const std::string url :
       {"", "https://", "https:///a", "https://?a", "https:a", "//a.example", "mailto:a@b.example",
        "javascript:alert(1)", "data:text/html,x", "https://a/\r\nSet-Cookie: a", "https://a/ b",
        "https://a/\x7f", "https://a/\xc3\xa4", " https://a", "https://\\a"}) {
    EXPECT_FALSE(IsTarget(url)) << url;
  }
  EXPECT_FALSE(IsTarget("https://a/" + std::string(kMaxTarget, 'x')));
}

}  // namespace
}  // namespace lmsmail::tracking
