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
  EXPECT_THAT(links.Parse(TokenOf(url)),
              IsOkAndHolds(Link{LinkKind::kUnsubscribe, "student.17", Category::kProgress}));
}

TEST(LinksTest, PreferencesTokenHoldsTheRecipient) {
  const token::KeyRing keys = Ring(kKey1);
  const Links links(keys, "https://a");
  const std::string url = links.PreferencesUrl("student-17");
  EXPECT_THAT(url, StartsWith("https://a/p/k1."));
  EXPECT_THAT(links.Parse(TokenOf(url)),
              IsOkAndHolds(Link{LinkKind::kPreferences, "student-17", std::nullopt}));
}

TEST(LinksTest, UrlsDoNotShowTheRecipient) {
  const token::KeyRing keys = Ring(kKey1);
  const Links links(keys, "https://a");
  for (const std::string& url :
       {links.PreferencesUrl("student-17"), links.UnsubscribeUrl("student-17", Category::kDemo)}) {
    EXPECT_THAT(url, Not(HasSubstr("student")));
    EXPECT_THAT(Base64UrlDecode(url.substr(url.rfind('.') + 1)).value_or(""),
                Not(HasSubstr("student")));
  }
}

TEST(LinksTest, AcceptsTokensAfterARotationOfKeys) {
  const token::KeyRing before = Ring(kKey1);
  const std::string url = Links(before, "https://a").UnsubscribeUrl("s", Category::kDemo);
  const token::KeyRing after = Ring(kKey2 + "\n" + kKey1);
  EXPECT_OK(Links(after, "https://a").Parse(TokenOf(url)));
}

TEST(LinksTest, RejectsOtherTokens) {
  const token::KeyRing keys = Ring(kKey1);
  const Links links(keys, "https://a");
  const std::string token = TokenOf(links.UnsubscribeUrl("s", Category::kDemo));
  for (const std::string& other :
       {std::string(), token + "A", token.substr(1), token.substr(0, token.size() - 1),
        // A mandatory category, no recipient, no category.
        keys.Seal("unsubscribe", "1.s"), keys.Seal("unsubscribe", "3."),
        keys.Seal("unsubscribe", "9.s"), keys.Seal("unsubscribe", "s"),
        // Another purpose, deployment and key.
        keys.Seal("click", "3.s"), Ring("k1:" + std::string(64, 'c')).Seal("unsubscribe", "3.s"),
        Ring(kKey2).Seal("unsubscribe", "3.s"), links.UndoToken({"s", {Category::kDemo}, {}})}) {
    const absl::Status status = links.Parse(other).status();
    EXPECT_THAT(status, StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("token"))) << other;
    EXPECT_EQ(ReasonOf(status).reason, "TOKEN_INVALID") << other;
  }
}

TEST(LinksTest, UndoTokenHoldsTheWithdrawal) {
  const token::KeyRing keys = Ring(kKey1);
  const Links links(keys, "https://a");
  const Withdrawal withdrawal{
      "dotted.id", {Category::kDemo, Category::kContent}, absl::FromUnixMicros(1772452800123456)};
  EXPECT_THAT(links.ParseUndoToken(links.UndoToken(withdrawal)), IsOkAndHolds(withdrawal));
  for (const std::string& other :
       {std::string(), keys.Seal("undo", "3.s"), keys.Seal("undo", "3.17."),
        keys.Seal("undo", "1.17.s"), keys.Seal("undo", "3.x.s"), keys.Seal("undo", "3..s"),
        keys.Seal("preferences", "3.17.s")}) {
    EXPECT_THAT(links.ParseUndoToken(other),
                StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("undo_token")));
  }
}

}  // namespace
}  // namespace lmsmail::preference
