#include "libs/smtp/client.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <unistd.h>

#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/synchronization/notification.h"

#include "libs/smtp/ehlo_name.h"
#include "libs/smtp/testing/outbox.h"
#include "libs/smtp/testing/scripted_server.h"
#include "libs/testing/status_matchers.h"

// The client with a server that follows the protocol.
namespace lmsmail::smtp {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::Outbox;
using testing::SampleMail;
using testing::ScriptedServer;
using testing::Step;
using Kind = Result::Kind;

std::vector<std::string> Recipients(const ScriptedServer& server) {
  std::vector<std::string> recipients;
  for (const auto& mail : server.received()) recipients.push_back(mail.recipients.at(0));
  return recipients;
}

TEST(Client, DeliversAMail) {
  ScriptedServer server;
  Outbox outbox(server.ClientOptions());

  const uint64_t token = outbox.Send(SampleMail("a@x.test", "one\r\n.\r\n..two\r\n"));
  const Result result = outbox.Wait(token);

  EXPECT_EQ(result.kind, Kind::kAccepted);
  EXPECT_EQ(result.phase, Phase::kReplied);
  EXPECT_EQ(result.code, 250);
  EXPECT_EQ(result.enhanced_code, "2.0.0");
  EXPECT_EQ(result.reply, "2.0.0 Ok: queued");
  EXPECT_OK(result.status);
  EXPECT_THAT(outbox.phases(token),
              ElementsAre(Phase::kEnvelope, Phase::kDotSent, Phase::kReplied));
  ASSERT_EQ(server.received().size(), 1u);
  EXPECT_EQ(server.received()[0].envelope_from, "school@lms.test");
  EXPECT_EQ(server.received()[0].mail_parameters, "SIZE=32");
  EXPECT_EQ(server.received()[0].message, "Subject: Test\r\n\r\none\r\n.\r\n..two\r\n");
}

TEST(Client, ReusesItsConnectionInOrder) {
  ScriptedServer server;
  Outbox outbox(server.ClientOptions());
  std::vector<uint64_t> tokens;
  for (int i = 0; i < 50; ++i) {
    tokens.push_back(outbox.Send(SampleMail("r" + std::to_string(i) + "@x.test")));
  }

  for (const uint64_t token : tokens) EXPECT_EQ(outbox.Wait(token).kind, Kind::kAccepted);

  EXPECT_EQ(server.Count(Step::kConnect), 1u);
  EXPECT_EQ(server.Count(Step::kRset), 0u);
  const auto recipients = Recipients(server);
  ASSERT_EQ(recipients.size(), 50u);
  for (int i = 0; i < 50; ++i) EXPECT_EQ(recipients[i], "r" + std::to_string(i) + "@x.test");
}

TEST(Client, SendsTheNextEnvelopeWithTheMessageBeforeIt) {
  ScriptedServer server;
  server.Inject({.at = Step::kData, .hold = true});
  server.Inject({.at = Step::kFinalDot, .hold = true});
  Outbox outbox(server.ClientOptions());
  const uint64_t first = outbox.Send(SampleMail("first@x.test"));
  ASSERT_TRUE(server.WaitFor(Step::kData));
  const uint64_t second = outbox.Send(SampleMail("second@x.test"));
  server.Release();
  ASSERT_TRUE(server.WaitFor(Step::kFinalDot));

  // The first mail has no reply yet, but the second has begun.
  EXPECT_FALSE(outbox.HasResult(first));
  EXPECT_THAT(outbox.phases(second), ElementsAre(Phase::kEnvelope));
  EXPECT_THAT(outbox.phases(first), ElementsAre(Phase::kEnvelope, Phase::kDotSent));
  server.Release();

  EXPECT_EQ(outbox.Wait(first).kind, Kind::kAccepted);
  EXPECT_EQ(outbox.Wait(second).kind, Kind::kAccepted);
}

TEST(Client, WaitsForEveryReplyWithoutPipelining) {
  ScriptedServer server({.pipelining = false});
  server.Inject({.at = Step::kMail, .hold = true});
  Outbox outbox(server.ClientOptions());
  const uint64_t first = outbox.Send(SampleMail("first@x.test"));
  const uint64_t second = outbox.Send(SampleMail("second@x.test"));
  ASSERT_TRUE(server.WaitFor(Step::kMail));
  EXPECT_EQ(server.Count(Step::kRcpt), 0u);
  server.Release();

  EXPECT_EQ(outbox.Wait(first).kind, Kind::kAccepted);
  EXPECT_EQ(outbox.Wait(second).kind, Kind::kAccepted);
  EXPECT_THAT(Recipients(server), ElementsAre("first@x.test", "second@x.test"));
}

TEST(Client, FallsBackToHelo) {
  ScriptedServer server({.knows_ehlo = false});
  Outbox outbox(server.ClientOptions());

  EXPECT_EQ(outbox.SendAndWait(SampleMail("a@x.test")).kind, Kind::kAccepted);

  EXPECT_THAT(server.commands(),
              ElementsAre("EHLO client.test", "HELO client.test", "MAIL FROM:<school@lms.test>",
                          "RCPT TO:<a@x.test>", "DATA"));
}

TEST(Client, ParsesRepliesInPieces) {
  ScriptedServer server({.byte_by_byte = true});
  server.Inject(
      {.at = Step::kFinalDot, .reply = "250-2.0.0 first\r\n250-2.0.0 second\r\n250 2.0.0 third"});
  Outbox outbox(server.ClientOptions());

  const Result result = outbox.SendAndWait(SampleMail("a@x.test"));

  EXPECT_EQ(result.kind, Kind::kAccepted);
  EXPECT_EQ(result.reply, "2.0.0 first 2.0.0 second 2.0.0 third");
}

TEST(Client, DeliversLargeMessagesWhole) {
  ScriptedServer server;
  Outbox outbox(server.ClientOptions());
  std::string body;
  for (int i = 0; i < 100'000; ++i) body += ".line " + std::to_string(i) + " of a long message\r\n";
  const Mail mail = SampleMail("a@x.test", body);

  EXPECT_EQ(outbox.SendAndWait(mail).kind, Kind::kAccepted);

  ASSERT_EQ(server.received().size(), 1u);
  EXPECT_TRUE(server.received()[0].message == mail.message);
}

TEST(Client, OpensAConnectionForEachMailUpToTheLimit) {
  ScriptedServer server;
  server.Inject({.at = Step::kMail, .hold = true, .every_time = true});
  Options options = server.ClientOptions();
  options.max_connections = 3;
  Outbox outbox(std::move(options));

  for (int i = 0; i < 5; ++i) outbox.Send(SampleMail("a@x.test"));
  ASSERT_TRUE(server.WaitFor(Step::kMail, 3));

  EXPECT_EQ(server.Count(Step::kConnect), 3u);
}

TEST(Client, ReusesAnIdleConnection) {
  ScriptedServer server;
  Options options = server.ClientOptions();
  options.max_connections = 4;
  Outbox outbox(std::move(options));

  for (int i = 0; i < 5; ++i) outbox.SendAndWait(SampleMail("a@x.test"));

  EXPECT_EQ(server.received().size(), 5u);
  EXPECT_EQ(server.Count(Step::kConnect), 1u);
}

TEST(Client, QuitsAConnectionAfterTheIdleTimeout) {
  ScriptedServer server;
  Options options = server.ClientOptions();
  options.idle_timeout = absl::Milliseconds(20);
  Outbox outbox(std::move(options));

  outbox.SendAndWait(SampleMail("a@x.test"));
  EXPECT_TRUE(server.WaitFor(Step::kQuit));

  EXPECT_EQ(outbox.SendAndWait(SampleMail("b@x.test")).kind, Kind::kAccepted);
  EXPECT_EQ(server.Count(Step::kConnect), 2u);
}

TEST(Client, OpensANewConnectionAfterMaxMessages) {
  ScriptedServer server;
  Options options = server.ClientOptions();
  options.max_messages_per_connection = 2;
  Outbox outbox(std::move(options));

  for (int i = 0; i < 5; ++i) {
    EXPECT_EQ(outbox.SendAndWait(SampleMail("a@x.test")).kind, Kind::kAccepted);
  }

  EXPECT_EQ(server.Count(Step::kConnect), 3u);
  EXPECT_TRUE(server.WaitFor(Step::kQuit, 2));
}

TEST(Client, RefusesMailsBeyondMaxQueued) {
  ScriptedServer server;
  server.Inject({.at = Step::kConnect, .hold = true});
  Options options = server.ClientOptions();
  options.max_queued = 2;
  auto client = Client::Create(std::move(options));
  ASSERT_OK(client);
  int done = 0;
  const auto count = [&done](const Result&) { ++done; };
  ASSERT_TRUE((*client)->TrySend(SampleMail("a@x.test"), count));
  ASSERT_TRUE((*client)->TrySend(SampleMail("b@x.test"), count));

  Mail third = SampleMail("c@x.test");
  Client::Done third_done = count;
  EXPECT_FALSE((*client)->TrySend(std::move(third), std::move(third_done)));

  // A rejected mail is not moved from. NOLINTBEGIN(bugprone-use-after-move)
  EXPECT_EQ(third.recipient, "c@x.test");
  EXPECT_TRUE(third_done != nullptr);
  // NOLINTEND(bugprone-use-after-move)
  ASSERT_TRUE(server.WaitFor(Step::kConnect));
  server.Release();
  EXPECT_TRUE((*client)->WaitUntilIdle(absl::Seconds(10)));
  (*client)->Shutdown(absl::ZeroDuration());
  EXPECT_EQ(done, 2);
}

TEST(Client, SendsSmtpUtf8OnlyWhereItIsOffered) {
  const Mail mail = SampleMail("jos\xC3\xA9@x.test");
  ScriptedServer able;
  Outbox to_able(able.ClientOptions());
  EXPECT_EQ(to_able.SendAndWait(mail).kind, Kind::kAccepted);
  EXPECT_THAT(able.received().at(0).mail_parameters, HasSubstr("BODY=8BITMIME SMTPUTF8"));

  ScriptedServer unable({.smtputf8 = false});
  Outbox to_unable(unable.ClientOptions());
  const Result result = to_unable.SendAndWait(mail);
  EXPECT_EQ(result.kind, Kind::kRejectedPermanent);
  EXPECT_EQ(result.phase, Phase::kNotStarted);
  EXPECT_EQ(result.enhanced_code, "5.6.7");
  EXPECT_EQ(unable.Count(Step::kMail), 0u);
}

TEST(Client, RejectsTooLargeAMessageWithoutSendingIt) {
  ScriptedServer server({.size = 100});
  Outbox outbox(server.ClientOptions());

  const Result result = outbox.SendAndWait(SampleMail("a@x.test", std::string(100, 'x') + "\r\n"));

  EXPECT_EQ(result.kind, Kind::kRejectedPermanent);
  EXPECT_EQ(result.code, 552);
  EXPECT_THAT(result.status, StatusIs(absl::StatusCode::kFailedPrecondition, HasSubstr("100")));
  EXPECT_EQ(server.Count(Step::kMail), 0u);
  EXPECT_EQ(outbox.SendAndWait(SampleMail("a@x.test")).kind, Kind::kAccepted);
}

TEST(Client, RejectsMailsThatWouldInjectCommands) {
  ScriptedServer server;
  Outbox outbox(server.ClientOptions());

  const Result address = outbox.SendAndWait(SampleMail("b@x>\r\nRCPT TO:<evil@x.test"));
  const Result body = outbox.SendAndWait(SampleMail("a@x.test", "end\n.\nMAIL FROM:<evil@x>\r\n"));

  EXPECT_EQ(address.kind, Kind::kRejectedPermanent);
  EXPECT_EQ(address.phase, Phase::kNotStarted);
  EXPECT_EQ(address.enhanced_code, "5.1.3");
  EXPECT_EQ(body.kind, Kind::kRejectedPermanent);
  EXPECT_EQ(body.enhanced_code, "5.6.0");
  EXPECT_EQ(server.Count(Step::kConnect), 0u);
}

TEST(Client, CheckDescribesTheServer) {
  ScriptedServer server;
  Outbox outbox(server.ClientOptions());

  ASSERT_OK_AND_ASSIGN(const ServerReport report, outbox.client().Check());

  EXPECT_EQ(report.greeting, "scripted.test ESMTP");
  EXPECT_THAT(report.capabilities, ElementsAre("PIPELINING", "8bitmime", "SMTPUTF8",
                                               "SIZE 50000000", "ENHANCEDSTATUSCODES"));
  EXPECT_EQ(report.tls, "");
  EXPECT_THAT(server.commands(), ElementsAre("EHLO client.test", "NOOP", "QUIT"));
}

TEST(Client, ShutdownFinishesStartedMailsAndCancelsQueuedOnes) {
  ScriptedServer server;
  server.Inject({.at = Step::kFinalDot, .hold = true});
  Outbox outbox(server.ClientOptions());
  const uint64_t begun = outbox.Send(SampleMail("a@x.test"));
  ASSERT_TRUE(server.WaitFor(Step::kFinalDot));
  const uint64_t waiting = outbox.Send(SampleMail("b@x.test"));
  server.Release();
  outbox.client().Shutdown(absl::Seconds(10));

  EXPECT_EQ(outbox.Wait(begun).kind, Kind::kAccepted);
  EXPECT_TRUE(outbox.HasResult(waiting));
  EXPECT_FALSE(outbox.client().TrySend(SampleMail("c@x.test"), [](Result) {}));
  EXPECT_THAT(outbox.client().Check(), StatusIs(absl::StatusCode::kUnavailable));
}

TEST(Client, ShutdownWithoutGraceReportsAmbiguousMails) {
  ScriptedServer server;
  server.Inject({.at = Step::kFinalDot, .hold = true});
  server.Inject({.at = Step::kMail, .hold = true, .matching = "late"});
  Options options = server.ClientOptions();
  options.max_connections = 2;
  Outbox outbox(std::move(options));
  const uint64_t dotted = outbox.Send(SampleMail("a@x.test"));
  ASSERT_TRUE(server.WaitFor(Step::kFinalDot));
  Mail late = SampleMail("b@x.test");
  late.envelope_from = "late@x.test";
  const uint64_t undotted = outbox.Send(std::move(late));
  ASSERT_TRUE(server.WaitFor(Step::kMail, 2));

  outbox.client().Shutdown(absl::ZeroDuration());

  EXPECT_EQ(outbox.Wait(dotted).kind, Kind::kAmbiguous);
  EXPECT_EQ(outbox.Wait(dotted).phase, Phase::kDotSent);
  EXPECT_EQ(outbox.Wait(undotted).kind, Kind::kCancelled);
}

TEST(Client, SetMaxConnectionsClosesSurplusConnectionsAfterTheirMails) {
  ScriptedServer server;
  Options options = server.ClientOptions();
  options.max_connections = 3;
  Outbox outbox(options);
  std::vector<uint64_t> tokens;
  for (size_t i = 1; i <= 3; ++i) {
    server.Inject({.at = Step::kData, .hold = true});
    tokens.push_back(outbox.Send(SampleMail("first@x.test")));
    ASSERT_TRUE(server.WaitFor(Step::kData, i));
  }
  outbox.client().SetMaxConnections(1);
  for (int i = 0; i < 5; ++i) tokens.push_back(outbox.Send(SampleMail("second@x.test")));
  for (int i = 0; i < 3; ++i) server.Release();

  for (const uint64_t token : tokens) EXPECT_EQ(outbox.Wait(token).kind, Kind::kAccepted);
  ASSERT_TRUE(server.WaitFor(Step::kQuit, 2));
  std::set<size_t> used;
  for (const auto& mail : server.received()) {
    if (mail.recipients.at(0) == "second@x.test") used.insert(mail.connection);
  }
  EXPECT_EQ(used.size(), 1u);
}

TEST(Client, CancelsMailsWhenNoConnectionIsAllowed) {
  ScriptedServer server;
  Outbox outbox(server.ClientOptions());
  outbox.client().SetMaxConnections(0);
  const Result result = outbox.SendAndWait(SampleMail("a@x.test"));
  EXPECT_EQ(result.kind, Kind::kCancelled);
  EXPECT_EQ(result.phase, Phase::kNotStarted);
  EXPECT_EQ(server.Count(Step::kConnect), 0u);
  outbox.client().SetMaxConnections(1);
  EXPECT_EQ(outbox.SendAndWait(SampleMail("a@x.test")).kind, Kind::kAccepted);
}

TEST(Client, SetsTheNiceValueOfItsThread) {
  ScriptedServer server;
  Options options = server.ClientOptions();
  options.thread_nice = 19;
  ASSERT_OK_AND_ASSIGN(const std::unique_ptr<Client> client, Client::Create(options, nullptr));
  absl::Notification replied;
  int nice = 0;
  ASSERT_TRUE(client->TrySend(SampleMail("a@x.test"), [&](const Result&) {
    nice = getpriority(PRIO_PROCESS, static_cast<id_t>(gettid()));
    replied.Notify();
  }));
  replied.WaitForNotification();
  EXPECT_EQ(nice, 19);
}

TEST(EhloName, IsALiteralOfTheLocalAddressOrTheHostsNameByDefault) {
  ScriptedServer server;
  Options options = server.ClientOptions();
  options.ehlo_name.clear();
  Outbox outbox(options);
  EXPECT_EQ(outbox.SendAndWait(SampleMail("a@x.test")).kind, Kind::kAccepted);
  const std::string expected = DefaultEhloName(HostName(), boost::asio::ip::address_v4::loopback());
  EXPECT_EQ(server.commands().front(), "EHLO " + expected);
}

TEST(Pipelining, CanBeSwitchedOff) {
  ScriptedServer server({.pipelining = true});
  server.Inject({.at = Step::kMail, .reply = "550 5.7.1 No", .matching = "SIZE"});
  Options options = server.ClientOptions();
  options.pipelining = false;
  Outbox outbox(options);
  EXPECT_EQ(outbox.SendAndWait(SampleMail("a@x.test")).kind, Kind::kRejectedPermanent);
  EXPECT_EQ(outbox.SendAndWait(SampleMail("b@x.test")).kind, Kind::kAccepted);
  EXPECT_EQ(server.Count(Step::kRcpt), 1u);  // none follows a MAIL that is refused
}

}  // namespace
}  // namespace lmsmail::smtp
