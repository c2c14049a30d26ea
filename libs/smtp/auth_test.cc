#include "libs/smtp/auth.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/escaping.h"

#include "libs/testing/status_matchers.h"

namespace lmsmail::smtp {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

std::string Decoded(const std::string& base64) {
  std::string text;
  EXPECT_TRUE(absl::Base64Unescape(base64, &text));
  return text;
}

AuthScript Script(AuthMechanism mechanism, std::string user, std::string secret) {
  return MakeAuthScript(mechanism, {mechanism, std::move(user), std::move(secret)}, "mx.example",
                        587);
}

// The example of RFC 4954 section 4.1: user "test", password "1234", but with an identity of its
// own.
TEST(Auth, Plain) {
  const AuthScript script = Script(AuthMechanism::kPlain, "test", "1234");
  EXPECT_THAT(script.lines, ElementsAre("AUTH PLAIN AHRlc3QAMTIzNA=="));
  EXPECT_EQ(script.abort_line, "*");
}

TEST(Auth, Login) {
  EXPECT_THAT(Script(AuthMechanism::kLogin, "test", "1234").lines,
              ElementsAre("AUTH LOGIN", "dGVzdA==", "MTIzNA=="));
}

// The example of Google's XOAUTH2 protocol page.
TEST(Auth, XOAuth2) {
  const AuthScript script = Script(AuthMechanism::kXOAuth2, "someuser@example.com",
                                   "ya29.vF9dft4qmTc2Nvb3RlckBhdHRhdmlzdGEuY29tCg");
  EXPECT_THAT(script.lines,
              ElementsAre("AUTH XOAUTH2 dXNlcj1zb21ldXNlckBleGFtcGxlLmNvbQFhdXRoPUJlYXJlciB5YTI5"
                          "LnZGOWRmdDRxbVRjMk52YjNSbGNrQmhkSFJoZG1semRHRXVZMjl0Q2cBAQ=="));
  EXPECT_EQ(script.abort_line, "");
}

TEST(Auth, OAuthBearer) {
  const AuthScript script = Script(AuthMechanism::kOAuthBearer, "a=b,c@example.com", "token");
  ASSERT_EQ(script.lines.size(), 1u);
  EXPECT_EQ(Decoded(script.lines[0].substr(std::string("AUTH OAUTHBEARER ").size())),
            "n,a=a=3Db=2Cc@example.com,\x01host=mx.example\x01port=587\x01"
            "auth=Bearer token\x01\x01");
  EXPECT_EQ(script.abort_line, "AQ==");
}

TEST(Auth, AResponseTooLongForTheCommandLineWaitsForTheChallenge) {
  const AuthScript script = Script(AuthMechanism::kXOAuth2, "u", std::string(2000, 't'));
  ASSERT_EQ(script.lines.size(), 2u);
  EXPECT_EQ(script.lines[0], "AUTH XOAUTH2");
  EXPECT_THAT(Decoded(script.lines[1]), HasSubstr(std::string(2000, 't')));
}

TEST(Auth, AutomaticPrefersPlain) {
  EXPECT_THAT(ChooseMechanism(AuthMechanism::kAuto, {"LOGIN", "PLAIN"}),
              IsOkAndHolds(AuthMechanism::kPlain));
  EXPECT_THAT(ChooseMechanism(AuthMechanism::kAuto, {"XOAUTH2", "LOGIN"}),
              IsOkAndHolds(AuthMechanism::kLogin));
}

TEST(Auth, WhatIsNotOfferedIsNotTried) {
  EXPECT_THAT(ChooseMechanism(AuthMechanism::kAuto, {"XOAUTH2"}),
              StatusIs(absl::StatusCode::kFailedPrecondition, HasSubstr("offered XOAUTH2")));
  EXPECT_THAT(
      ChooseMechanism(AuthMechanism::kXOAuth2, {}),
      StatusIs(absl::StatusCode::kFailedPrecondition, HasSubstr("wanted XOAUTH2, offered none")));
}

}  // namespace
}  // namespace lmsmail::smtp
