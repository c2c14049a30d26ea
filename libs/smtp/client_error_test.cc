#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <string>
#include <utility>
#include <vector>

#include "libs/smtp/testing/outbox.h"
#include "libs/smtp/testing/scripted_server.h"
#include "libs/testing/status_matchers.h"

// Mails whose server rejects them, disconnects or breaks the protocol.
namespace lmsmail::smtp {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::Outbox;
using testing::SampleMail;
using testing::ScriptedServer;
using testing::ServerOptions;
using testing::Step;
using Kind = Result::Kind;

// Every case runs with and without pipelining.
class ServerError : public ::testing::TestWithParam<bool> {
 protected:
  ServerOptions Server() const { return {.pipelining = GetParam()}; }
};
INSTANTIATE_TEST_SUITE_P(Pipelining, ServerError, ::testing::Bool());

TEST_P(ServerError, RejectedRecipientKeepsTheConnection) {
  ScriptedServer server(Server());
  server.Inject({.at = Step::kRcpt, .reply = "550 5.1.1 No such user", .matching = "bad@"});
  Outbox outbox(server.ClientOptions());
  const uint64_t bad = outbox.Send(SampleMail("bad@x.test"));
  const uint64_t good = outbox.Send(SampleMail("good@x.test"));

  const Result result = outbox.Wait(bad);

  EXPECT_EQ(result.kind, Kind::kRejectedPermanent);
  EXPECT_EQ(result.command, Command::kRcpt);
  EXPECT_EQ(result.code, 550);
  EXPECT_EQ(result.enhanced_code, "5.1.1");
  EXPECT_EQ(result.reply, "5.1.1 No such user");
  EXPECT_EQ(result.phase, Phase::kReplied);
  EXPECT_EQ(outbox.Wait(good).kind, Kind::kAccepted);
  EXPECT_EQ(server.Count(Step::kConnect), 1u);
  EXPECT_EQ(server.Count(Step::kRset), 1u);
  ASSERT_EQ(server.received().size(), 1u);
  EXPECT_THAT(server.received()[0].recipients, ElementsAre("good@x.test"));
}

TEST_P(ServerError, RejectedSenderKeepsTheConnection) {
  ScriptedServer server(Server());
  server.Inject({.at = Step::kMail, .reply = "450 4.7.1 Slow down"});
  Outbox outbox(server.ClientOptions());

  const Result result = outbox.SendAndWait(SampleMail("a@x.test"));

  EXPECT_EQ(result.kind, Kind::kRejectedTemporary);
  EXPECT_EQ(result.enhanced_code, "4.7.1");
  EXPECT_EQ(outbox.SendAndWait(SampleMail("b@x.test")).kind, Kind::kAccepted);
  EXPECT_EQ(server.Count(Step::kConnect), 1u);
}

TEST_P(ServerError, ResultNamesTheCommandThatWasRefused) {
  const std::pair<Step, Command> steps[] = {
      {Step::kConnect, Command::kConnect}, {Step::kEhlo, Command::kEhlo},
      {Step::kMail, Command::kMail},       {Step::kRcpt, Command::kRcpt},
      {Step::kData, Command::kData},       {Step::kFinalDot, Command::kMessage}};
  for (const auto& [step, command] : steps) {
    ScriptedServer server(Server());
    server.Inject({.at = step, .reply = "554 refused"});
    server.Inject({.at = Step::kHelo, .reply = "554 refused"});
    Outbox outbox(server.ClientOptions());
    const Result result = outbox.SendAndWait(SampleMail("a@x.test"));
    EXPECT_EQ(result.command, command) << NameOf(command);
    EXPECT_EQ(result.code, 554) << NameOf(command);
  }
}

TEST_P(ServerError, AServerThatRefusesConnectionsIsAskedOnceForAllQueuedMail) {
  ScriptedServer server(Server());
  server.Inject({.at = Step::kConnect, .reply = "554 5.7.1 Go away", .hold = true});
  Options options = server.ClientOptions();
  options.max_connections = 8;
  Outbox outbox(options);
  std::vector<uint64_t> tokens;
  for (int i = 0; i < 30; ++i) tokens.push_back(outbox.Send(SampleMail("a@x.test")));
  server.Release();
  for (const uint64_t token : tokens) EXPECT_EQ(outbox.Wait(token).code, 554);
  EXPECT_EQ(server.Count(Step::kConnect), 1u);
}

TEST_P(ServerError, RejectedDataKeepsTheConnection) {
  ScriptedServer server(Server());
  server.Inject({.at = Step::kData, .reply = "451 4.3.0 Disk full"});
  Outbox outbox(server.ClientOptions());

  EXPECT_EQ(outbox.SendAndWait(SampleMail("a@x.test")).kind, Kind::kRejectedTemporary);
  EXPECT_EQ(outbox.SendAndWait(SampleMail("b@x.test")).kind, Kind::kAccepted);
  EXPECT_EQ(server.received().size(), 1u);
  EXPECT_EQ(server.Count(Step::kConnect), 1u);
}

TEST_P(ServerError, RejectedMessageKeepsTheConnection) {
  ScriptedServer server(Server());
  server.Inject({.at = Step::kFinalDot, .reply = "554 5.7.1 Spam"});
  Outbox outbox(server.ClientOptions());
  const uint64_t spam = outbox.Send(SampleMail("a@x.test"));
  const uint64_t ham = outbox.Send(SampleMail("b@x.test"));

  EXPECT_EQ(outbox.Wait(spam).kind, Kind::kRejectedPermanent);
  EXPECT_EQ(outbox.Wait(spam).phase, Phase::kReplied);
  EXPECT_EQ(outbox.Wait(ham).kind, Kind::kAccepted);
  EXPECT_EQ(server.Count(Step::kConnect), 1u);
}

TEST_P(ServerError, DisconnectAfterARejectedRecipientIsARejection) {
  ScriptedServer server(Server());
  server.Inject({.at = Step::kRcpt, .reply = "550 5.1.1 No such user", .disconnect = true});
  Outbox outbox(server.ClientOptions());

  EXPECT_EQ(outbox.SendAndWait(SampleMail("bad@x.test")).kind, Kind::kRejectedPermanent);
  EXPECT_EQ(outbox.SendAndWait(SampleMail("good@x.test")).kind, Kind::kAccepted);
}

TEST_P(ServerError, DisconnectAfterTheDotIsAmbiguous) {
  ScriptedServer server(Server());
  server.Inject({.at = Step::kFinalDot, .reply = "", .disconnect = true});
  Outbox outbox(server.ClientOptions());
  const uint64_t doubtful = outbox.Send(SampleMail("a@x.test"));
  const uint64_t next = outbox.Send(SampleMail("b@x.test"));

  EXPECT_EQ(outbox.Wait(doubtful).kind, Kind::kAmbiguous);
  EXPECT_EQ(outbox.Wait(doubtful).phase, Phase::kDotSent);
  EXPECT_EQ(outbox.Wait(next).kind, Kind::kAccepted);
  ASSERT_EQ(server.received().size(), 1u);
  EXPECT_THAT(server.received()[0].recipients, ElementsAre("b@x.test"));
}

TEST_P(ServerError, DisconnectBeforeTheDotIsAConnectionError) {
  ScriptedServer server(Server());
  server.Inject({.at = Step::kData, .reply = "", .disconnect = true});
  Outbox outbox(server.ClientOptions());

  const Result result = outbox.SendAndWait(SampleMail("a@x.test"));

  EXPECT_EQ(result.kind, Kind::kConnectionError);
  EXPECT_EQ(result.phase, Phase::kEnvelope);
  EXPECT_THAT(result.status, StatusIs(absl::StatusCode::kUnavailable));
}

TEST_P(ServerError, MalformedReplyIsAConnectionError) {
  ScriptedServer server(Server());
  server.Inject({.at = Step::kRcpt, .reply = "HTTP/1.1 200 OK"});
  Outbox outbox(server.ClientOptions());

  const Result result = outbox.SendAndWait(SampleMail("a@x.test"));

  EXPECT_EQ(result.kind, Kind::kConnectionError);
  EXPECT_THAT(result.status,
              StatusIs(absl::StatusCode::kInternal, HasSubstr("RCPT is not an SMTP reply")));
  EXPECT_EQ(outbox.SendAndWait(SampleMail("b@x.test")).kind, Kind::kAccepted);
  EXPECT_EQ(server.Count(Step::kConnect), 2u);
}

TEST_P(ServerError, MalformedReplyAfterTheDotIsAmbiguous) {
  ScriptedServer server(Server());
  server.Inject({.at = Step::kFinalDot, .reply = "ok"});
  Outbox outbox(server.ClientOptions());
  EXPECT_EQ(outbox.SendAndWait(SampleMail("a@x.test")).kind, Kind::kAmbiguous);
}

TEST_P(ServerError, UnexpectedReplyClassIsAConnectionError) {
  ScriptedServer server(Server());
  server.Inject({.at = Step::kData, .reply = "250 2.0.0 whatever"});
  server.Inject({.at = Step::kFinalDot, .reply = "354 more"});
  Outbox outbox(server.ClientOptions());
  EXPECT_EQ(outbox.SendAndWait(SampleMail("a@x.test")).kind, Kind::kConnectionError);
  EXPECT_EQ(outbox.SendAndWait(SampleMail("b@x.test")).kind, Kind::kAmbiguous);
}

TEST_P(ServerError, ExtraReplyIsNotTakenForTheReplyToTheMessage) {
  ScriptedServer server(Server());
  server.Inject({.at = Step::kData, .reply = "354 Go ahead\r\n250 2.0.0 Queued"});
  Outbox outbox(server.ClientOptions());

  const Result result = outbox.SendAndWait(SampleMail("a@x.test"));

  EXPECT_EQ(result.kind, Kind::kConnectionError);
  EXPECT_EQ(result.phase, Phase::kEnvelope);
  EXPECT_THAT(server.received(), IsEmpty());
}

TEST_P(ServerError, Reply421BeforeTheDotIsAConnectionError) {
  ScriptedServer server(Server());
  server.Inject({.at = Step::kRcpt, .reply = "421 4.3.2 Shutting down", .disconnect = true});
  Outbox outbox(server.ClientOptions());

  const Result result = outbox.SendAndWait(SampleMail("a@x.test"));

  EXPECT_EQ(result.kind, Kind::kConnectionError);
  EXPECT_EQ(result.code, 421);
  EXPECT_EQ(result.reply, "4.3.2 Shutting down");
}

TEST_P(ServerError, Reply421ToTheMessageIsARejection) {
  ScriptedServer server(Server());
  server.Inject({.at = Step::kFinalDot, .reply = "421 4.3.2 Shutting down", .disconnect = true});
  Outbox outbox(server.ClientOptions());
  const uint64_t first = outbox.Send(SampleMail("a@x.test"));
  const uint64_t second = outbox.Send(SampleMail("b@x.test"));

  EXPECT_EQ(outbox.Wait(first).kind, Kind::kRejectedTemporary);
  EXPECT_EQ(outbox.Wait(second).kind, Kind::kAccepted);
}

TEST_P(ServerError, ServerThatClosesUnannouncedLosesNoMail) {
  ServerOptions server_options = Server();
  server_options.closes_after_messages = 3;
  ScriptedServer server(server_options);
  Outbox outbox(server.ClientOptions());
  std::vector<uint64_t> tokens;
  for (int i = 0; i < 20; ++i) {
    tokens.push_back(outbox.Send(SampleMail("r" + std::to_string(i) + "@x.test")));
  }

  for (const uint64_t token : tokens) EXPECT_EQ(outbox.Wait(token).kind, Kind::kAccepted);

  EXPECT_EQ(server.received().size(), 20u);
}

TEST(ConnectionError, Reply421OnAnIdleConnectionCausesARetry) {
  ScriptedServer server;
  Outbox outbox(server.ClientOptions());
  ASSERT_EQ(outbox.SendAndWait(SampleMail("a@x.test")).kind, Kind::kAccepted);
  server.Inject({.at = Step::kMail, .reply = "421 4.4.2 Idle too long", .disconnect = true});

  EXPECT_EQ(outbox.SendAndWait(SampleMail("b@x.test")).kind, Kind::kAccepted);

  EXPECT_EQ(server.Count(Step::kConnect), 2u);
}

TEST(ConnectionError, ConnectionClosedWhileIdleCausesARetry) {
  ScriptedServer server;
  Outbox outbox(server.ClientOptions());
  ASSERT_EQ(outbox.SendAndWait(SampleMail("a@x.test")).kind, Kind::kAccepted);
  server.DisconnectAll();

  EXPECT_EQ(outbox.SendAndWait(SampleMail("b@x.test")).kind, Kind::kAccepted);
}

TEST(ConnectionError, FirstMailOfAConnectionIsNotRetried) {
  ScriptedServer server;
  server.Inject({.at = Step::kMail, .reply = "", .disconnect = true, .every_time = true});
  Outbox outbox(server.ClientOptions());

  EXPECT_EQ(outbox.SendAndWait(SampleMail("a@x.test")).kind, Kind::kConnectionError);

  EXPECT_EQ(server.Count(Step::kMail), 1u);
}

// RFC 2920 section 3.1: DATA was pipelined, so the client must end the DATA phase after 354.
TEST(ConnectionError, EmptyMessageEndsA354WithoutRecipients) {
  ScriptedServer server({.goes_ahead_without_recipient = true});
  server.Inject({.at = Step::kRcpt, .reply = "550 5.1.1 No such user", .matching = "bad@"});
  server.Inject({.at = Step::kFinalDot, .reply = "554 5.5.1 No recipients"});
  Outbox outbox(server.ClientOptions());
  const uint64_t bad = outbox.Send(SampleMail("bad@x.test"));
  const uint64_t good = outbox.Send(SampleMail("good@x.test"));

  EXPECT_EQ(outbox.Wait(bad).enhanced_code, "5.1.1");
  EXPECT_EQ(outbox.Wait(good).kind, Kind::kAccepted);

  EXPECT_EQ(server.Count(Step::kConnect), 1u);
  EXPECT_THAT(outbox.phases(bad), ElementsAre(Phase::kEnvelope, Phase::kReplied));
  ASSERT_EQ(server.received().size(), 1u);
  EXPECT_EQ(server.received()[0].message, SampleMail("good@x.test").message);
}

TEST(ConnectionError, RejectionInTheMiddleOfALargeMessage) {
  ScriptedServer server;
  server.Inject({.at = Step::kMessage, .reply = "552 5.3.4 Too big", .disconnect = true});
  Outbox outbox(server.ClientOptions());
  std::string body;
  while (body.size() < 20'000'000) body += std::string(900, 'x') + "\r\n";

  const Result result = outbox.SendAndWait(SampleMail("a@x.test", body));

  // The TCP reset may arrive before the reply is read. Either way the mail was not delivered.
  if (result.kind == Kind::kRejectedPermanent) {
    EXPECT_EQ(result.code, 552);
  } else {
    EXPECT_EQ(result.kind, Kind::kConnectionError);
    EXPECT_EQ(result.phase, Phase::kData);
  }
}

TEST(ConnectionError, FailsEveryQueuedMailWhenNoConnectionCanBeOpened) {
  ScriptedServer server;
  server.Inject({.at = Step::kConnect, .reply = "554 5.7.1 Your address is blocked", .hold = true});
  Outbox outbox(server.ClientOptions());
  const uint64_t first = outbox.Send(SampleMail("a@x.test"));
  const uint64_t second = outbox.Send(SampleMail("b@x.test"));
  ASSERT_TRUE(server.WaitFor(Step::kConnect));
  server.Release();

  EXPECT_EQ(outbox.Wait(first).kind, Kind::kConnectionError);
  EXPECT_EQ(outbox.Wait(second).kind, Kind::kConnectionError);
  EXPECT_EQ(outbox.Wait(second).phase, Phase::kNotStarted);
  EXPECT_EQ(outbox.Wait(second).code, 554);
  EXPECT_EQ(outbox.Wait(second).enhanced_code, "5.7.1");
  EXPECT_EQ(outbox.SendAndWait(SampleMail("c@x.test")).kind, Kind::kAccepted);
}

TEST(ConnectionError, RejectedSecondConnectionDoesNotAffectTheFirst) {
  ScriptedServer server;
  server.Inject({.at = Step::kFinalDot, .hold = true});
  Options options = server.ClientOptions();
  options.max_connections = 2;
  Outbox outbox(std::move(options));
  const uint64_t first = outbox.Send(SampleMail("a@x.test"));
  ASSERT_TRUE(server.WaitFor(Step::kFinalDot));
  server.Inject(
      {.at = Step::kConnect, .reply = "421 4.7.0 Too many connections", .disconnect = true});
  const uint64_t second = outbox.Send(SampleMail("b@x.test"));
  ASSERT_TRUE(server.WaitFor(Step::kConnect, 2));
  server.Release();

  EXPECT_EQ(outbox.Wait(first).kind, Kind::kAccepted);
  EXPECT_EQ(outbox.Wait(second).kind, Kind::kAccepted);
}

TEST(ConnectionError, ReportsAClosedPort) {
  Options options;
  {
    ScriptedServer server;
    options = server.ClientOptions();
  }
  Outbox outbox(options);

  const Result result = outbox.SendAndWait(SampleMail("a@x.test"));

  EXPECT_EQ(result.kind, Kind::kConnectionError);
  EXPECT_THAT(result.status, StatusIs(absl::StatusCode::kUnavailable, HasSubstr("connecting")));
  EXPECT_THAT(outbox.client().Check(), StatusIs(absl::StatusCode::kUnavailable));
}

TEST(ConnectionError, CheckOfASilentServerIsBounded) {
  ScriptedServer server;
  server.Inject({.at = Step::kEhlo, .hold = true});
  Outbox outbox(server.ClientOptions());
  EXPECT_THAT(outbox.client().Check(absl::Milliseconds(50)),
              StatusIs(absl::StatusCode::kDeadlineExceeded, HasSubstr("did not answer in time")));
}

TEST(ConnectionError, TimeoutAfterTheDotIsAmbiguous) {
  ScriptedServer server;
  server.Inject({.at = Step::kFinalDot, .hold = true});
  Options options = server.ClientOptions();
  options.timeouts.final_dot = absl::Milliseconds(40);
  Outbox outbox(std::move(options));

  const Result result = outbox.SendAndWait(SampleMail("a@x.test"));

  EXPECT_EQ(result.kind, Kind::kAmbiguous);
  EXPECT_THAT(result.status,
              StatusIs(absl::StatusCode::kDeadlineExceeded, HasSubstr("the reply to the message")));
}

TEST(ConnectionError, TimeoutBeforeTheDotIsAConnectionError) {
  ScriptedServer server;
  server.Inject({.at = Step::kMail, .hold = true});
  Options options = server.ClientOptions();
  options.timeouts.envelope = absl::Milliseconds(40);
  Outbox outbox(std::move(options));

  const Result result = outbox.SendAndWait(SampleMail("a@x.test"));

  EXPECT_EQ(result.kind, Kind::kConnectionError);
  EXPECT_THAT(result.status, StatusIs(absl::StatusCode::kDeadlineExceeded, HasSubstr("MAIL")));
}

}  // namespace
}  // namespace lmsmail::smtp
