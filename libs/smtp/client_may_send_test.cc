#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <string>
#include <utility>
#include <vector>

#include "libs/smtp/testing/outbox.h"
#include "libs/smtp/testing/scripted_server.h"
#include "libs/testing/status_matchers.h"

// Mails whose sender withdraws them.
namespace lmsmail::smtp {
namespace {

using testing::Outbox;
using testing::SampleMail;
using testing::ScriptedServer;
using testing::Step;
using Kind = Result::Kind;

TEST(MaySend, CancelsAMailBeforeItsEnvelope) {
  ScriptedServer server;
  Outbox outbox(server.ClientOptions());
  Mail mail = SampleMail("late@x.test");
  mail.may_send = [] { return false; };

  const Result result = outbox.SendAndWait(std::move(mail));

  EXPECT_EQ(result.kind, Kind::kCancelled);
  EXPECT_EQ(result.phase, Phase::kNotStarted);
  EXPECT_EQ(outbox.SendAndWait(SampleMail("next@x.test")).kind, Kind::kAccepted);
  EXPECT_EQ(server.Count(Step::kMail), 1u);
  EXPECT_EQ(server.Count(Step::kConnect), 1u);
}

TEST(MaySend, CancelsAMailBeforeItsMessage) {
  ScriptedServer server;
  server.Inject({.at = Step::kData, .hold = true});
  Outbox outbox(server.ClientOptions());
  std::atomic<bool> may_send = true;
  Mail mail = SampleMail("late@x.test");
  mail.may_send = [&may_send] { return may_send.load(); };
  const uint64_t token = outbox.Send(std::move(mail));
  ASSERT_TRUE(server.WaitFor(Step::kData));
  may_send = false;
  server.Release();

  const Result result = outbox.Wait(token);

  EXPECT_EQ(result.kind, Kind::kCancelled);
  EXPECT_EQ(result.phase, Phase::kEnvelope);
  EXPECT_EQ(outbox.SendAndWait(SampleMail("next@x.test")).kind, Kind::kAccepted);
  ASSERT_EQ(server.received().size(), 1u);
  EXPECT_EQ(server.received()[0].recipients.at(0), "next@x.test");
}

}  // namespace
}  // namespace lmsmail::smtp
