#include "libs/smtp/auth.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/escaping.h"

#include "libs/smtp/outcome.h"
#include "libs/testing/status_matchers.h"
#include "libs/testing/temporary_folder.h"

namespace lmsmail::smtp {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

const Credentials kPassword = {.username = "user", .password = "secret"};
const Credentials kToken = {.username = "user", .token_file = "/run/secrets/token"};

std::string Decoded(const std::string& base64) {
  std::string text;
  EXPECT_TRUE(absl::Base64Unescape(base64, &text));
  return text;
}

AuthExchange Exchange(AuthMechanism mechanism, const std::string& user, const std::string& secret) {
  return MakeAuthExchange(mechanism, user, secret, "mx.example", 587);
}

// The example of RFC 4954 section 4.1: user "test", password "1234", but without an authorization
// identity.
TEST(Auth, Plain) {
  const AuthExchange exchange = Exchange(AuthMechanism::kPlain, "test", "1234");
  EXPECT_THAT(exchange.lines, ElementsAre("AUTH PLAIN AHRlc3QAMTIzNA=="));
  EXPECT_EQ(exchange.abort_line, "*");
}

TEST(Auth, Login) {
  EXPECT_THAT(Exchange(AuthMechanism::kLogin, "test", "1234").lines,
              ElementsAre("AUTH LOGIN", "dGVzdA==", "MTIzNA=="));
}

// The example of Google's XOAUTH2 protocol page.
TEST(Auth, XOAuth2) {
  const AuthExchange exchange = Exchange(AuthMechanism::kXOAuth2, "someuser@example.com",
                                         "ya29.vF9dft4qmTc2Nvb3RlckBhdHRhdmlzdGEuY29tCg");
  EXPECT_THAT(exchange.lines,
              ElementsAre("AUTH XOAUTH2 dXNlcj1zb21ldXNlckBleGFtcGxlLmNvbQFhdXRoPUJlYXJlciB5YTI5"
                          "LnZGOWRmdDRxbVRjMk52YjNSbGNrQmhkSFJoZG1semRHRXVZMjl0Q2cBAQ=="));
  EXPECT_EQ(exchange.abort_line, "");
}

TEST(Auth, OAuthBearer) {
  const AuthExchange exchange = Exchange(AuthMechanism::kOAuthBearer, "a=b,c@example.com", "token");
  ASSERT_EQ(exchange.lines.size(), 1u);
  EXPECT_EQ(Decoded(exchange.lines[0].substr(std::string("AUTH OAUTHBEARER ").size())),
            "n,a=a=3Db=2Cc@example.com,\x01host=mx.example\x01port=587\x01"
            "auth=Bearer token\x01\x01");
  EXPECT_EQ(exchange.abort_line, "AQ==");
}

TEST(Auth, SendsALongResponseAfterTheChallenge) {
  const AuthExchange exchange = Exchange(AuthMechanism::kXOAuth2, "u", std::string(2000, 't'));
  ASSERT_EQ(exchange.lines.size(), 2u);
  EXPECT_EQ(exchange.lines[0], "AUTH XOAUTH2");
  EXPECT_THAT(Decoded(exchange.lines[1]), HasSubstr(std::string(2000, 't')));
}

TEST(UsableMechanisms, PrefersPlainForAPassword) {
  EXPECT_THAT(UsableMechanisms(kPassword, {"LOGIN", "PLAIN"}),
              IsOkAndHolds(ElementsAre(AuthMechanism::kPlain, AuthMechanism::kLogin)));
  EXPECT_THAT(UsableMechanisms(kPassword, {"XOAUTH2", "LOGIN"}),
              IsOkAndHolds(ElementsAre(AuthMechanism::kLogin)));
}

TEST(UsableMechanisms, PrefersOAuthBearerForAToken) {
  EXPECT_THAT(UsableMechanisms(kToken, {"PLAIN", "XOAUTH2", "OAUTHBEARER"}),
              IsOkAndHolds(ElementsAre(AuthMechanism::kOAuthBearer, AuthMechanism::kXOAuth2)));
  EXPECT_THAT(UsableMechanisms(kToken, {"PLAIN", "XOAUTH2"}),
              IsOkAndHolds(ElementsAre(AuthMechanism::kXOAuth2)));
}

TEST(UsableMechanisms, AreTheConfiguredOneAlone) {
  Credentials login = kPassword;
  login.mechanism = AuthMechanism::kLogin;
  EXPECT_THAT(UsableMechanisms(login, {"PLAIN", "LOGIN"}),
              IsOkAndHolds(ElementsAre(AuthMechanism::kLogin)));
  EXPECT_THAT(
      UsableMechanisms(login, {"PLAIN"}),
      StatusIs(absl::StatusCode::kUnauthenticated, HasSubstr("LOGIN is needed, it offers PLAIN")));
}

TEST(UsableMechanisms, NeverSendAPasswordAsATokenOrATokenAsAPassword) {
  EXPECT_THAT(UsableMechanisms(kPassword, {"XOAUTH2"}),
              StatusIs(absl::StatusCode::kUnauthenticated, HasSubstr("it offers XOAUTH2")));
  EXPECT_THAT(UsableMechanisms(kToken, {"PLAIN"}),
              StatusIs(absl::StatusCode::kUnauthenticated,
                       HasSubstr("OAUTHBEARER or XOAUTH2 is needed, it offers PLAIN")));
  EXPECT_THAT(UsableMechanisms(kPassword, {}),
              StatusIs(absl::StatusCode::kUnauthenticated, HasSubstr("it offers none")));
}

class TokenFile : public ::testing::Test {
 protected:
  absl::StatusOr<std::string> Read() const {
    return ReadSecret({.username = "user", .token_file = (folder_.path() / "token").string()});
  }

  const TemporaryFolder folder_;
};

TEST_F(TokenFile, IsReadEachTimeWithoutItsLineBreak) {
  folder_.Write("token", "ya29.first\n");
  EXPECT_THAT(Read(), IsOkAndHolds("ya29.first"));
  folder_.Write("token", "ya29.other\r\n");
  EXPECT_THAT(Read(), IsOkAndHolds("ya29.other"));
}

TEST_F(TokenFile, IsALoginErrorWhenItHoldsNoToken) {
  const auto error = [this](std::string_view content) {
    folder_.Write("token", content);
    return Read().status();
  };
  EXPECT_THAT(Read(), StatusIs(absl::StatusCode::kUnauthenticated,
                               AllOf(HasSubstr("/token cannot be read"), HasSubstr("No such"))));
  EXPECT_THAT(error("\n"), StatusIs(absl::StatusCode::kUnauthenticated, HasSubstr("is empty")));
  EXPECT_THAT(error(std::string(64 * 1024 + 1, 't')),
              StatusIs(absl::StatusCode::kUnauthenticated, HasSubstr("more than 65536 bytes")));
  for (const std::string_view content : {"two words",
                                         "a\x01"
                                         "b",
                                         "a\nb", "\xC3\xA9"}) {
    EXPECT_THAT(error(content),
                StatusIs(absl::StatusCode::kUnauthenticated,
                         AllOf(HasSubstr("no access token has"), Not(HasSubstr(content)))));
  }
  const auto reply = ReplyOf(Read().status());
  ASSERT_TRUE(reply.has_value());
  EXPECT_EQ(reply->reply.code, 535);
}

TEST_F(TokenFile, IsALoginErrorWhenOthersMayReadIt) {
  folder_.Write("token", "ya29.first\n");
  const auto path = folder_.path() / "token";
  for (const auto perms : {std::filesystem::perms(0640), std::filesystem::perms(0604)}) {
    std::filesystem::permissions(path, perms);
    EXPECT_THAT(Read(), StatusIs(absl::StatusCode::kUnauthenticated,
                                 AllOf(HasSubstr("holds a secret"),
                                       HasSubstr("chmod go-rwx " + path.string()))));
  }
}

TEST(ReadSecret, OfAPasswordIsThePassword) {
  EXPECT_THAT(ReadSecret(kPassword), IsOkAndHolds("secret"));
}

}  // namespace
}  // namespace lmsmail::smtp
