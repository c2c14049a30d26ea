#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <utility>

#include "libs/smtp/testing/outbox.h"
#include "libs/smtp/testing/scripted_server.h"
#include "libs/testing/status_matchers.h"
#include "libs/testing/temporary_folder.h"

namespace lmsmail::smtp {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::Not;
using testing::Outbox;
using testing::SampleMail;
using testing::ScriptedServer;
using testing::Step;
using Kind = Result::Kind;

void ExpectLoginFailure(const Result& result) {
  EXPECT_EQ(result.kind, Kind::kConnectionError);
  EXPECT_EQ(result.phase, Phase::kNotStarted);
  EXPECT_EQ(result.code, 535);
  EXPECT_EQ(result.enhanced_code, "5.7.8");
  EXPECT_THAT(result.status, StatusIs(absl::StatusCode::kUnauthenticated));
}

class PasswordLogin : public ::testing::TestWithParam<const char*> {};
INSTANTIATE_TEST_SUITE_P(Mechanisms, PasswordLogin, ::testing::Values("PLAIN", "LOGIN"));

TEST_P(PasswordLogin, SucceedsWithTheRightPasswordOnly) {
  ScriptedServer server(
      {.tls = TlsMode::kStartTls, .auth_mechanisms = {GetParam(), "XOAUTH2", "OAUTHBEARER"}});
  Options options = server.ClientOptions();
  options.credentials = {.username = "user", .password = "secret"};
  Outbox right(options);
  ASSERT_OK_AND_ASSIGN(const ServerReport report, right.client().Check());
  EXPECT_EQ(report.auth_mechanism, GetParam());
  EXPECT_EQ(right.SendAndWait(SampleMail("a@x.test")).kind, Kind::kAccepted);

  options.credentials->password = "guess";
  Outbox wrong(options);
  ExpectLoginFailure(wrong.SendAndWait(SampleMail("a@x.test")));
}

class TokenLogin : public ::testing::TestWithParam<const char*> {
 protected:
  Options OptionsFor(const ScriptedServer& server) const {
    Options options = server.ClientOptions();
    options.credentials = {.username = "user", .token_file = (folder_.path() / "token").string()};
    return options;
  }

  const TemporaryFolder folder_;
};
INSTANTIATE_TEST_SUITE_P(Mechanisms, TokenLogin, ::testing::Values("XOAUTH2", "OAUTHBEARER"));

TEST_P(TokenLogin, SucceedsWithTheRightToken) {
  ScriptedServer server(
      {.tls = TlsMode::kStartTls, .auth_mechanisms = {"LOGIN", "PLAIN", GetParam()}});
  folder_.Write("token", "secret\n");
  Outbox outbox(OptionsFor(server));

  ASSERT_OK_AND_ASSIGN(const ServerReport report, outbox.client().Check());

  EXPECT_EQ(report.auth_mechanism, GetParam());
  EXPECT_EQ(outbox.SendAndWait(SampleMail("a@x.test")).kind, Kind::kAccepted);
}

TEST_P(TokenLogin, RespondsToTheErrorChallengeAndReportsTheRejection) {
  ScriptedServer server({.tls = TlsMode::kImplicit, .auth_mechanisms = {GetParam()}});
  folder_.Write("token", "expired");
  Outbox outbox(OptionsFor(server));

  const Result result = outbox.SendAndWait(SampleMail("a@x.test"));

  ExpectLoginFailure(result);
  EXPECT_THAT(result.reply, Not(HasSubstr("expired")));
  EXPECT_EQ(server.Count(Step::kAuth), 2u);  // the AUTH command and the response to the challenge
  const bool is_bearer = std::string(GetParam()) == "OAUTHBEARER";
  EXPECT_THAT(server.commands(), Contains("AQ==").Times(is_bearer ? 1 : 0));
}

TEST_P(TokenLogin, ReadsTheFileAgainForEachConnection) {
  ScriptedServer server({.tls = TlsMode::kStartTls, .auth_mechanisms = {GetParam()}});
  folder_.Write("token", "expired");
  Outbox outbox(OptionsFor(server));
  ExpectLoginFailure(outbox.SendAndWait(SampleMail("a@x.test")));

  folder_.Write("token", "secret");

  EXPECT_EQ(outbox.SendAndWait(SampleMail("b@x.test")).kind, Kind::kAccepted);
}

TEST_P(TokenLogin, FailsWithoutSendingAuthWhenTheFileIsMissing) {
  ScriptedServer server({.tls = TlsMode::kStartTls, .auth_mechanisms = {GetParam()}});
  Outbox outbox(OptionsFor(server));

  const Result result = outbox.SendAndWait(SampleMail("a@x.test"));

  ExpectLoginFailure(result);
  EXPECT_THAT(result.reply, HasSubstr("cannot be read"));
  EXPECT_EQ(server.Count(Step::kAuth), 0u);
}

TEST_P(TokenLogin, SendsALongTokenAfterTheChallenge) {
  const std::string token(3000, 't');
  ScriptedServer server(
      {.tls = TlsMode::kImplicit, .auth_mechanisms = {GetParam()}, .secret = token});
  folder_.Write("token", token);
  Outbox outbox(OptionsFor(server));
  EXPECT_OK(outbox.client().Check());
}

class RefusedMechanism : public ::testing::TestWithParam<const char*> {
 protected:
  Options OptionsFor(const ScriptedServer& server) const {
    Options options = server.ClientOptions();
    options.credentials = {.username = "user", .password = "secret"};
    return options;
  }
};
INSTANTIATE_TEST_SUITE_P(Replies, RefusedMechanism,
                         ::testing::Values("504 5.5.4 Unrecognized", "535 5.7.8 Bad credentials",
                                           "553 5.7.1 Not for you", "534 5.7.9 Too weak",
                                           "502 5.5.1 Not implemented", "538 5.7.11 Needs TLS"));

TEST_P(RefusedMechanism, IsFollowedByTheNextOne) {
  ScriptedServer server({.tls = TlsMode::kStartTls, .auth_mechanisms = {"PLAIN", "LOGIN"}});
  server.Inject(
      {.at = Step::kAuth, .reply = GetParam(), .matching = "AUTH PLAIN", .every_time = true});
  Outbox outbox(OptionsFor(server));
  ASSERT_OK_AND_ASSIGN(const ServerReport report, outbox.client().Check());
  EXPECT_EQ(report.auth_mechanism, "LOGIN");
}

TEST_P(RefusedMechanism, IsNotTriedTwice) {
  ScriptedServer server({.tls = TlsMode::kStartTls, .auth_mechanisms = {"PLAIN", "LOGIN"}});
  server.Inject({.at = Step::kAuth, .reply = GetParam(), .every_time = true});
  Outbox outbox(OptionsFor(server));
  const Result result = outbox.SendAndWait(SampleMail("a@x.test"));
  EXPECT_EQ(result.code, std::stoi(GetParam()));
  EXPECT_EQ(server.Count(Step::kAuth), 2u);  // AUTH PLAIN, AUTH LOGIN
  EXPECT_EQ(server.Count(Step::kConnect), 1u);
}

TEST_P(RefusedMechanism, StaysTheRefusalWhenTheServerClosesTheConnection) {
  ScriptedServer server({.tls = TlsMode::kStartTls, .auth_mechanisms = {"PLAIN", "LOGIN"}});
  server.Inject({.at = Step::kAuth, .reply = GetParam(), .disconnect = true});
  Outbox outbox(OptionsFor(server));
  EXPECT_EQ(outbox.SendAndWait(SampleMail("a@x.test")).code, std::stoi(GetParam()));
}

TEST_P(RefusedMechanism, IsTheOnlyOneWhenItIsConfigured) {
  ScriptedServer server({.tls = TlsMode::kStartTls, .auth_mechanisms = {"PLAIN", "LOGIN"}});
  server.Inject({.at = Step::kAuth, .reply = GetParam(), .every_time = true});
  Options options = OptionsFor(server);
  options.credentials->mechanism = AuthMechanism::kLogin;
  Outbox outbox(options);
  EXPECT_EQ(outbox.SendAndWait(SampleMail("a@x.test")).code, std::stoi(GetParam()));
  EXPECT_THAT(server.commands(), Not(Contains(HasSubstr("AUTH PLAIN"))));
  EXPECT_EQ(server.Count(Step::kAuth), 1u);
}

TEST(RefusedLogin, ThatIsTemporaryIsNotTriedWithAnotherMechanism) {
  for (const char* const reply : {"454 4.7.0 Try later", "421 4.7.0 Closing", "530 5.7.0 TLS"}) {
    ScriptedServer server({.tls = TlsMode::kStartTls, .auth_mechanisms = {"PLAIN", "LOGIN"}});
    server.Inject({.at = Step::kAuth, .reply = reply});
    Options options = server.ClientOptions();
    options.credentials = {.username = "user", .password = "secret"};
    Outbox outbox(options);
    EXPECT_EQ(outbox.SendAndWait(SampleMail("a@x.test")).code, std::stoi(reply));
    EXPECT_EQ(server.Count(Step::kAuth), 1u) << reply;
  }
}

TEST(RefusedLogin, ReportsTheRefusedPasswordRatherThanTheUnknownMechanism) {
  ScriptedServer server({.tls = TlsMode::kStartTls, .auth_mechanisms = {"PLAIN", "LOGIN"}});
  server.Inject({.at = Step::kAuth, .reply = "535 5.7.8 Bad", .matching = "AUTH PLAIN"});
  server.Inject({.at = Step::kAuth, .reply = "504 5.5.4 Unknown", .matching = "AUTH LOGIN"});
  Options options = server.ClientOptions();
  options.credentials = {.username = "user", .password = "secret"};
  Outbox outbox(options);
  EXPECT_EQ(outbox.SendAndWait(SampleMail("a@x.test")).code, 535);
}

TEST(LoginOverPlaintext, WorksWhenAllowed) {
  ScriptedServer server({.auth_mechanisms = {"LOGIN"}});
  Options options = server.ClientOptions();
  options.credentials = {.username = "user", .password = "secret"};
  options.allow_plaintext_credentials = true;
  Outbox outbox(std::move(options));

  ASSERT_OK_AND_ASSIGN(const ServerReport report, outbox.client().Check());

  EXPECT_EQ(report.auth_mechanism, "LOGIN");
}

}  // namespace
}  // namespace lmsmail::smtp
