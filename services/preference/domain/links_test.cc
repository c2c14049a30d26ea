#include "services/preference/domain/links.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "libs/status/error_details.h"
#include "libs/strings/encoding.h"
#include "libs/testing/status_matchers.h"

namespace lmsmail::preference {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

const std::string kKey1 = "k1:" + std::string(64, 'a');
const std::string kKey2 = "k2:" + std::string(64, 'b');

token::KeyRing Ring(const std::string& secrets) { return token::KeyRing::Parse(secrets).value(); }

std::string TokenOf(const std::string& url) { return url.substr(url.rfind('/') + 1); }

TEST(LinksTest, UnsubscribeTokenHoldsRecipientAndCategory) {
  const token::KeyRing keys = Ring(kKey1);
  const Links links(keys, "https://mail.school.example");
  const std::string url = links.UnsubscribeUrl("student.17", Category::kProgress);
  EXPECT_THAT(url, StartsWith("https://mail.school.example/u/k1."));
  EXPECT_EQ(url, links.UnsubscribeUrl("student.17", Category::kProgress));
  EXPECT_NE(url, links.UnsubscribeUrl("student.17", Category::kContent));
  EXPECT_THAT(url, Not(HasSubstr("student")));
  EXPECT_THAT(url, Not(HasSubstr(Base64UrlEncode("student"))));
  ASSERT_OK_AND_ASSIGN(const Links::Subject subject, links.ParseUnsubscribeToken(TokenOf(url)));
  EXPECT_EQ(subject.recipient_id, "student.17");
  EXPECT_EQ(subject.category, Category::kProgress);
}

TEST(LinksTest, AcceptsTokensAfterARotationOfKeys) {
  const token::KeyRing before = Ring(kKey1);
  const std::string url = Links(before, "https://a").UnsubscribeUrl("s", Category::kDemo);
  const token::KeyRing after = Ring(kKey2 + "\n" + kKey1);
  EXPECT_OK(Links(after, "https://a").ParseUnsubscribeToken(TokenOf(url)));
}

TEST(LinksTest, RejectsOtherTokens) {
  const token::KeyRing keys = Ring(kKey1);
  const Links links(keys, "https://a");
  const std::string token = TokenOf(links.UnsubscribeUrl("s", Category::kDemo));
  for (const std::string& other :
       {std::string(), token + "A", token.substr(1), TokenOf(links.PreferencesUrl("3.s")),
        keys.Seal("unsubscribe", "1.s"), keys.Seal("unsubscribe", "3."),
        keys.Seal("unsubscribe", "9.s"), Ring(kKey2).Seal("unsubscribe", "3.s")}) {
    const absl::Status status = links.ParseUnsubscribeToken(other).status();
    EXPECT_THAT(status, StatusIs(absl::StatusCode::kInvalidArgument)) << other;
    EXPECT_EQ(ReasonOf(status).reason, "TOKEN_INVALID") << other;
  }
}

TEST(LinksTest, PreferencesTokenHoldsTheRecipient) {
  const token::KeyRing keys = Ring(kKey1);
  const std::string url = Links(keys, "https://a").PreferencesUrl("student-17");
  EXPECT_THAT(url, StartsWith("https://a/p/"));
  EXPECT_THAT(keys.Open("preferences", TokenOf(url)), IsOkAndHolds("student-17"));
}

}  // namespace
}  // namespace lmsmail::preference
