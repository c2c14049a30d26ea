#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <utility>

#include "libs/smtp/testing/outbox.h"
#include "libs/smtp/testing/scripted_server.h"
#include "libs/testing/status_matchers.h"

namespace lmsmail::smtp {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::Outbox;
using testing::SampleMail;
using testing::ScriptedServer;
using testing::ServerOptions;
using ::testing::StartsWith;
using testing::Step;
using Kind = Result::Kind;

class Tls : public ::testing::TestWithParam<TlsMode> {
 protected:
  ServerOptions Server() const { return {.tls = GetParam()}; }
};
INSTANTIATE_TEST_SUITE_P(Modes, Tls, ::testing::Values(TlsMode::kStartTls, TlsMode::kImplicit));

TEST_P(Tls, CarriesManyMailsOverOneConnection) {
  ScriptedServer server(Server());
  Outbox outbox(server.ClientOptions());
  std::vector<uint64_t> tokens;
  for (int i = 0; i < 20; ++i) {
    tokens.push_back(outbox.Send(SampleMail("a@x.test", std::string(60'000, 'x') + "\r\n")));
  }

  for (const uint64_t token : tokens) EXPECT_EQ(outbox.Wait(token).kind, Kind::kAccepted);
  // The wait for more, over a session that has been idle.
  EXPECT_EQ(outbox.SendAndWait(SampleMail("b@x.test")).kind, Kind::kAccepted);

  EXPECT_EQ(server.Count(Step::kConnect), 1u);
  EXPECT_EQ(server.received().size(), 21u);
  for (const auto& mail : server.received()) EXPECT_TRUE(mail.tls);
}

TEST_P(Tls, AnUnknownCertificateIsNotTrusted) {
  ScriptedServer server(Server());
  Options options = server.ClientOptions();
  options.tls.ca_file.clear();
  Outbox outbox(std::move(options));

  const Result result = outbox.SendAndWait(SampleMail("a@x.test"));

  EXPECT_EQ(result.kind, Kind::kConnectionError);
  EXPECT_THAT(result.status, StatusIs(absl::StatusCode::kFailedPrecondition,
                                      HasSubstr("certificate was not accepted")));
  EXPECT_EQ(server.Count(Step::kMail), 0u);
}

TEST_P(Tls, TheCertificateMustNameTheServer) {
  ScriptedServer server(Server());
  Options options = server.ClientOptions();
  options.tls.server_name = "localhost";
  Outbox right(options);
  EXPECT_OK(right.client().Check());

  options.tls.server_name = "mx.elsewhere.test";
  Outbox wrong(options);
  EXPECT_THAT(wrong.client().Check(),
              StatusIs(absl::StatusCode::kFailedPrecondition, HasSubstr("ostname mismatch")));
}

TEST_P(Tls, VerificationCanBeTurnedOff) {
  ScriptedServer server(Server());
  Options options = server.ClientOptions();
  options.tls.ca_file.clear();
  options.tls.server_name = "mx.elsewhere.test";
  options.tls.accept_any_certificate = true;
  Outbox outbox(std::move(options));

  ASSERT_OK_AND_ASSIGN(const ServerReport report, outbox.client().Check());

  EXPECT_THAT(report.tls, StartsWith("TLSv1.3 "));
}

TEST_P(Tls, ADisconnectAfterTheDotIsAmbiguousHereToo) {
  ScriptedServer server(Server());
  server.Inject({.at = Step::kFinalDot, .reply = "", .disconnect = true});
  Outbox outbox(server.ClientOptions());
  EXPECT_EQ(outbox.SendAndWait(SampleMail("a@x.test")).kind, Kind::kAmbiguous);
  EXPECT_EQ(outbox.SendAndWait(SampleMail("b@x.test")).kind, Kind::kAccepted);
}

TEST(StartTls, IsRequiredOnceConfigured) {
  ScriptedServer server;
  Options options = server.ClientOptions();
  options.tls.mode = TlsMode::kStartTls;
  Outbox outbox(std::move(options));

  EXPECT_THAT(outbox.client().Check(), StatusIs(absl::StatusCode::kFailedPrecondition,
                                                HasSubstr("does not offer STARTTLS")));
}

TEST(StartTls, CapabilitiesBeforeItAreForgotten) {
  ScriptedServer server({.tls = TlsMode::kStartTls});
  Outbox outbox(server.ClientOptions());

  ASSERT_OK_AND_ASSIGN(const ServerReport report, outbox.client().Check());

  EXPECT_THAT(report.capabilities, ElementsAre("PIPELINING", "8bitmime", "SMTPUTF8",
                                               "SIZE 50000000", "ENHANCEDSTATUSCODES"));
  EXPECT_EQ(server.Count(Step::kEhlo), 2u);
}

TEST(StartTls, PlaintextSmuggledInBeforeTheHandshakeIsAnAttack) {
  ScriptedServer server(
      {.tls = TlsMode::kStartTls, .plaintext_after_starttls = "250-evil\r\n250 AUTH PLAIN\r\n"});
  Outbox outbox(server.ClientOptions());

  EXPECT_THAT(outbox.client().Check(),
              StatusIs(absl::StatusCode::kInternal, HasSubstr("plaintext followed")));
}

class Auth : public ::testing::TestWithParam<AuthMechanism> {};
INSTANTIATE_TEST_SUITE_P(Mechanisms, Auth,
                         ::testing::Values(AuthMechanism::kPlain, AuthMechanism::kLogin,
                                           AuthMechanism::kXOAuth2, AuthMechanism::kOAuthBearer));

TEST_P(Auth, OpensTheDoorWithTheRightSecretOnly) {
  ScriptedServer server(
      {.tls = TlsMode::kStartTls, .auth_mechanisms = {"LOGIN", "PLAIN", "XOAUTH2", "OAUTHBEARER"}});
  Options options = server.ClientOptions();
  options.credentials = {GetParam(), "user", "secret"};
  Outbox right(options);
  ASSERT_OK_AND_ASSIGN(const ServerReport report, right.client().Check());
  EXPECT_NE(report.auth_mechanism, "");
  EXPECT_EQ(right.SendAndWait(SampleMail("a@x.test")).kind, Kind::kAccepted);

  options.credentials->secret = "guess";
  Outbox wrong(options);
  const Result result = wrong.SendAndWait(SampleMail("a@x.test"));
  EXPECT_EQ(result.kind, Kind::kConnectionError);
  EXPECT_EQ(result.code, 535);
  EXPECT_EQ(result.enhanced_code, "5.7.8");
  EXPECT_THAT(result.status, StatusIs(absl::StatusCode::kUnauthenticated));
}

TEST(AuthOverPlaintext, WorksWhenAllowed) {
  ScriptedServer server({.auth_mechanisms = {"LOGIN"}});
  Options options = server.ClientOptions();
  options.credentials = {AuthMechanism::kAuto, "user", "secret"};
  options.allow_plaintext_credentials = true;
  Outbox outbox(std::move(options));

  ASSERT_OK_AND_ASSIGN(const ServerReport report, outbox.client().Check());

  EXPECT_EQ(report.auth_mechanism, "LOGIN");
}

TEST(AuthLongToken, IsSentAfterTheChallenge) {
  const std::string token(3000, 't');
  ScriptedServer server(
      {.tls = TlsMode::kImplicit, .auth_mechanisms = {"XOAUTH2"}, .secret = token});
  Options options = server.ClientOptions();
  options.credentials = {AuthMechanism::kXOAuth2, "user", token};
  Outbox outbox(std::move(options));
  EXPECT_OK(outbox.client().Check());
}

}  // namespace
}  // namespace lmsmail::smtp
