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
  // A further mail over a session that has been idle.
  EXPECT_EQ(outbox.SendAndWait(SampleMail("b@x.test")).kind, Kind::kAccepted);

  EXPECT_EQ(server.Count(Step::kConnect), 1u);
  EXPECT_EQ(server.received().size(), 21u);
  for (const auto& mail : server.received()) EXPECT_TRUE(mail.tls);
}

TEST_P(Tls, RejectsAnUnknownCertificate) {
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

TEST_P(Tls, RequiresTheServersNameInTheCertificate) {
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

TEST_P(Tls, AcceptsAnyCertificateWhenConfigured) {
  ScriptedServer server(Server());
  Options options = server.ClientOptions();
  options.tls.ca_file.clear();
  options.tls.server_name = "mx.elsewhere.test";
  options.tls.accept_any_certificate = true;
  Outbox outbox(std::move(options));

  ASSERT_OK_AND_ASSIGN(const ServerReport report, outbox.client().Check());

  EXPECT_THAT(report.tls, StartsWith("TLSv1.3 "));
}

TEST_P(Tls, DisconnectAfterTheDotIsAmbiguous) {
  ScriptedServer server(Server());
  server.Inject({.at = Step::kFinalDot, .reply = "", .disconnect = true});
  Outbox outbox(server.ClientOptions());
  EXPECT_EQ(outbox.SendAndWait(SampleMail("a@x.test")).kind, Kind::kAmbiguous);
  EXPECT_EQ(outbox.SendAndWait(SampleMail("b@x.test")).kind, Kind::kAccepted);
}

TEST(StartTls, FailsWhenTheServerDoesNotOfferIt) {
  ScriptedServer server;
  Options options = server.ClientOptions();
  options.tls.mode = TlsMode::kStartTls;
  Outbox outbox(std::move(options));

  EXPECT_THAT(outbox.client().Check(), StatusIs(absl::StatusCode::kFailedPrecondition,
                                                HasSubstr("does not offer STARTTLS")));
}

TEST(StartTls, DiscardsCapabilitiesFromBeforeIt) {
  ScriptedServer server({.tls = TlsMode::kStartTls});
  Outbox outbox(server.ClientOptions());

  ASSERT_OK_AND_ASSIGN(const ServerReport report, outbox.client().Check());

  EXPECT_THAT(report.capabilities, ElementsAre("PIPELINING", "8bitmime", "SMTPUTF8",
                                               "SIZE 50000000", "ENHANCEDSTATUSCODES"));
  EXPECT_EQ(server.Count(Step::kEhlo), 2u);
}

TEST(StartTls, RejectsPlaintextAfterTheReply) {
  ScriptedServer server(
      {.tls = TlsMode::kStartTls, .plaintext_after_starttls = "250-evil\r\n250 AUTH PLAIN\r\n"});
  Outbox outbox(server.ClientOptions());

  EXPECT_THAT(outbox.client().Check(),
              StatusIs(absl::StatusCode::kInternal, HasSubstr("plaintext followed")));
}

}  // namespace
}  // namespace lmsmail::smtp
