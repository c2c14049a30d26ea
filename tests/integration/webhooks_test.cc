// Providers report over HTTP what became of mail; the states of mail, the suppression list and
// consent follow.

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "absl/time/clock.h"

#include "libs/testing/temporary_folder.h"
#include "services/gateway/testing/webhook_signing.h"
#include "tests/integration/suite/gateway_test.h"
#include "tests/integration/suite/lms_client.h"
#include "tests/integration/suite/wait.h"

namespace lmsmail::integration {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
namespace pb = dispatch::v1;
namespace pref = preference::v1;

constexpr char kMailgunKey[] = "mailgun key";

class WebhooksTest : public GatewayTest {
 protected:
  static void SetUpTestSuite() {
    const TemporaryFolder folder;
    folder.Write("key", kMailgunKey);
    signer_ = std::make_unique<gateway::SendgridSigner>();
    StartWithGateway({}, {fmt::format("--webhooks.sendgrid.public_keys={}", signer_->PublicKey()),
                          fmt::format("--webhooks.mailgun.signing_key_file={}",
                                      (folder.path() / "key").string())});
  }

  // One event about the message, as SendGrid writes it.
  static std::string Event(const pb::Message& message, std::string_view type,
                           std::string_view members = "") {
    return fmt::format(
        R"({{"event":"{}","sg_event_id":"{}-{}","lms_message_id":"<{}>","timestamp":{},)"
        R"("email":"secret@students.example"{}{}}})",
        type, type, message.message_id().substr(0, 13), message.message_id(),
        absl::ToUnixSeconds(absl::Now()), members.empty() ? "" : ",", members);
  }
  static int Sendgrid(const std::vector<std::string>& events) {
    std::string body = "[";
    for (const std::string& event : events) body += (body.size() > 1 ? "," : "") + event;
    body += "]\r\n";
    return Post("/webhooks/sendgrid/main", body,
                fmt::format("X-Twilio-Email-Event-Webhook-Signature: {}\r\n"
                            "X-Twilio-Email-Event-Webhook-Timestamp: 1600112502\r\n",
                            signer_->Sign("1600112502", body)));
  }
  static int Mailgun(const pb::Message& message, std::string_view token, std::string_view members,
                     std::string_view key = kMailgunKey) {
    return Post(
        "/webhooks/mailgun/main",
        gateway::MailgunBody(key, absl::ToUnixSeconds(absl::Now()), token,
                             fmt::format(R"({{"user-variables":{{"lms_message_id":"<{}>"}},{}}})",
                                         message.message_id(), members)));
  }

  static inline std::unique_ptr<gateway::SendgridSigner> signer_;
};

TEST_F(WebhooksTest, EventsOfSendgridDecideTheState) {
  const pb::Message message = SentTo("sendgrid");
  EXPECT_EQ(Sendgrid({Event(message, "open"), Event(message, "deferred")}), 200);
  EXPECT_EQ(StateOf(message), pb::STATE_SENT);
  const std::string delivered = Event(message, "delivered", R"("response":"250 2.0.0 OK")");
  EXPECT_EQ(Sendgrid({delivered, "7", R"({"event":"open"})", delivered}), 200);
  EXPECT_EQ(Sendgrid({delivered}), 200);
  const pb::ExplainMessageResponse explained = Explained(message);
  EXPECT_EQ(explained.message().state(), pb::STATE_DELIVERED);
  EXPECT_THAT(explained.summary(), HasSubstr("Delivered at"));

  const std::string bounce =
      Event(message, "bounce",
            R"("type":"bounce","status":"5.1.1","reason":"550 no\u001b such\u0000 user")");
  EXPECT_EQ(Sendgrid({bounce}), 200);
  EXPECT_EQ(Sendgrid({Event(message, "delivered", R"("again":1)")}), 200);
  const pb::Message bounced = Explained(message).message();
  EXPECT_EQ(bounced.state(), pb::STATE_BOUNCED);
  EXPECT_EQ(bounced.reason(), pb::REASON_BOUNCED);
  EXPECT_EQ(bounced.detail(), "550 5.1.1 no  such  user");
  EXPECT_OK(WaitUntil("the address is suppressed", [] {
    return SuppressionOf("sendgrid").reason() == pref::Suppression::REASON_BOUNCED;
  }));
  pb::ListMessagesRequest request;
  request.set_state(pb::STATE_BOUNCED);
  request.mutable_target()->set_recipient(NameOf("sendgrid"));
  ASSERT_OK_AND_ASSIGN(const auto listed, ListMessages(suite().dispatch(), request));
  EXPECT_EQ(listed.size(), 1u);
}

TEST_F(WebhooksTest, EventsOfMailgunDecideTheState) {
  const pb::Message message = SentTo("mailgun");
  EXPECT_EQ(Mailgun(message, "t1", R"("event":"failed","severity":"temporary")"), 200);
  EXPECT_EQ(StateOf(message), pb::STATE_SENT);
  EXPECT_EQ(Mailgun(message, "t2", R"("event":"delivered","delivery-status":null)"), 200);
  EXPECT_EQ(StateOf(message), pb::STATE_DELIVERED);
  EXPECT_EQ(Mailgun(message, "t3", R"("event":"complained")"), 200);
  EXPECT_OK(WaitUntil("the address is suppressed", [] {
    return SuppressionOf("mailgun").reason() == pref::Suppression::REASON_COMPLAINED;
  }));
  EXPECT_EQ(StateOf(message), pb::STATE_DELIVERED);
}

TEST_F(WebhooksTest, UnsubscribingAtAProviderWithdrawsConsent) {
  const pb::Message message = SentTo("leaver");
  EXPECT_EQ(Sendgrid({Event(message, "group_unsubscribe")}), 200);
  pref::ListConsentEventsRequest request;
  request.set_parent(NameOf("leaver"));
  request.set_page_size(1);
  ASSERT_OK_AND_ASSIGN(const auto events,
                       Call(suite().preferences(), &Preferences::ListConsentEvents, request));
  EXPECT_EQ(events.events(0).category(), type::v1::CATEGORY_CONTENT);
  EXPECT_EQ(events.events(0).source().method(), pref::ConsentSource::METHOD_PROVIDER);
  ASSERT_OK_AND_ASSIGN(const pb::Message second,
                       Send(suite(), Greet(kTip, "leaver", "second/leaver")));
  ASSERT_OK(WaitUntilQueueIsEmpty(suite().dispatch()));
  EXPECT_EQ(Explained(second).message().reason(), pb::REASON_UNSUBSCRIBED);
}

TEST_F(WebhooksTest, StoresNothingOfAForgery) {
  const pb::Message message = SentTo("victim");
  const pb::Message other = SentTo("other");
  const std::string body = "[" + Event(message, "bounce") + "]";
  EXPECT_EQ(Post("/webhooks/sendgrid/main", body), 403);
  EXPECT_EQ(Post("/webhooks/sendgrid/main", body,
                 fmt::format("X-Twilio-Email-Event-Webhook-Signature: {}\r\n"
                             "X-Twilio-Email-Event-Webhook-Timestamp: 1\r\n",
                             gateway::SendgridSigner().Sign("1", body))),
            403);
  EXPECT_EQ(Mailgun(message, "forged", R"("event":"complained")", "another key"), 406);
  EXPECT_EQ(Mailgun(other, "captured", R"("event":"opened")"), 200);
  EXPECT_EQ(Mailgun(message, "captured", R"("event":"complained")"), 406);
  EXPECT_EQ(Post("/webhooks/sendgrid/main", std::string(10 << 20, '['), "Connection: close\r\n"),
            413);
  // A Message-ID that is not ours.
  pb::Message guessed = message;
  char& digit = guessed.mutable_message_id()->at(15);  // of its check
  digit = digit == 'a' ? 'b' : 'a';
  EXPECT_EQ(Sendgrid({Event(guessed, "bounce")}), 200);
  EXPECT_EQ(Explained(message).entries_size(), 2) << "accepted and sent";
  EXPECT_EQ(StateOf(message), pb::STATE_SENT);
  EXPECT_TRUE(SuppressionOf("victim").email_address().empty());
  EXPECT_THAT(gateway_->Log(), Not(HasSubstr("secret@students.example")));
}

// Last, because it stops a service.
TEST_F(WebhooksTest, ZzAsksToRetryDuringAnOutage) {
  const pb::Message message = SentTo("patient");
  ASSERT_OK(suite().Kill("dispatch"));
  EXPECT_EQ(Sendgrid({Event(message, "delivered")}), 503);
  EXPECT_EQ(Mailgun(message, "later", R"("event":"delivered")"), 503);
  ASSERT_OK(suite().Restart("dispatch"));
  EXPECT_OK(WaitUntil("the webhook works again",
                      [&] { return Mailgun(message, "later", R"("event":"delivered")") == 200; }));
  EXPECT_EQ(StateOf(message), pb::STATE_DELIVERED);
}

}  // namespace
}  // namespace lmsmail::integration
