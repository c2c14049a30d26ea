#include "services/gateway/webhooks/mailgun_events.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace lmsmail::gateway {
namespace {

using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr char kSignature[] =
    R"("signature":{"timestamp":"1529006854","token":"a8ce0edb2dd8301dee6c2405235584e45aa91d1e9f979f3de0","signature":"d2271d12299f6592d9d44cd9d250f0704e4674c30d79d07c47a66f95ce71cf55"})";

std::optional<MailgunWebhook> Parse(std::string_view event) {
  return ParseMailgunWebhook(fmt::format(R"({{{},"event-data":{}}})", kSignature, event));
}
ProviderEvent Event(std::string_view members) {
  const auto webhook = Parse(
      fmt::format(R"({{"user-variables":{{"lms_message_id":"<m@school.example>"}},{}}})", members));
  EXPECT_TRUE(webhook.has_value()) << members;
  if (!webhook) return {};
  EXPECT_THAT(webhook->events.events, SizeIs(1)) << members;
  return webhook->events.events.empty() ? ProviderEvent() : webhook->events.events[0];
}

TEST(MailgunEventsTest, NormalisesTypes) {
  const auto type = [](std::string_view members) {
    return NameOf(Event(fmt::format(R"("event":{})", members)).type);
  };
  EXPECT_EQ(type(R"("accepted")"), "queued");
  EXPECT_EQ(type(R"("rejected")"), "rejected");
  EXPECT_EQ(type(R"("delivered")"), "delivered");
  EXPECT_EQ(type(R"("failed","severity":"permanent")"), "bounced");
  EXPECT_EQ(type(R"("failed","severity":"temporary")"), "deferred");
  EXPECT_EQ(type(R"("failed","severity":"internal")"), "bounced");
  EXPECT_EQ(type(R"("failed")"), "bounced");
  EXPECT_EQ(type(R"("opened")"), "opened");
  EXPECT_EQ(type(R"("clicked")"), "clicked");
  EXPECT_EQ(type(R"("unsubscribed")"), "unsubscribed");
  EXPECT_EQ(type(R"("complained")"), "complained");
  EXPECT_EQ(type(R"("stored")"), "unknown");
}

TEST(MailgunEventsTest, TellsOpensByPrograms) {
  const auto machine = [](std::string_view name, std::string_view client) {
    return Event(fmt::format(R"("event":"{}","client-info":{{"client-type":"{}"}})", name, client))
        .machine;
  };
  EXPECT_TRUE(machine("opened", "robot"));
  EXPECT_TRUE(machine("clicked", "robot"));
  EXPECT_FALSE(machine("opened", "browser"));
  EXPECT_FALSE(machine("delivered", "robot"));
}

TEST(MailgunEventsTest, NormalisesReasons) {
  const auto reason = [](std::string_view members) { return NameOf(Event(members).reject_reason); };
  EXPECT_EQ(reason(R"("event":"failed","reason":"bounce")"), "bounced");
  EXPECT_EQ(reason(R"("event":"failed","reason":"suppress-bounce")"), "bounced");
  EXPECT_EQ(reason(R"("event":"failed","reason":"generic")"), "other");
  EXPECT_EQ(reason(R"("event":"failed","reason":"espblock")"), "other");
  EXPECT_EQ(reason(R"("event":"rejected")"), "other");
  EXPECT_EQ(reason(R"("event":"delivered")"), "");
}

TEST(MailgunEventsTest, ReadsTheMembers) {
  const ProviderEvent event = Event(
      R"("event":"failed","severity":"permanent","recipient":"ada@students.example",)"
      R"("timestamp":1529006854.329574,"delivery-status":{"code":550,"enhanced-code":"5.1.1",)"
      R"("message":"no such user","description":""})");
  EXPECT_EQ(event.message_id, "<m@school.example>");
  EXPECT_EQ(event.event_id, "a8ce0edb2dd8301dee6c2405235584e45aa91d1e9f979f3de0");
  EXPECT_EQ(event.recipient, "ada@students.example");
  EXPECT_EQ(absl::ToUnixMicros(*event.time), 1529006854329574);
  EXPECT_EQ(event.detail, "550 5.1.1 no such user");
}

TEST(MailgunEventsTest, TellsWhyAMailWasNotDelivered) {
  const auto detail = [](std::string_view status) {
    return Event(fmt::format(R"("event":"failed","delivery-status":{})", status)).detail;
  };
  EXPECT_EQ(detail("null"), "");
  EXPECT_EQ(detail("7"), "");
  EXPECT_EQ(detail(R"({"code":550,"message":"550 5.7.1 spam"})"), "550 5.7.1 spam");
  EXPECT_EQ(
      detail(
          R"({"code":605,"message":"","description":"Not delivering to previously bounced address"})"),
      "Not delivering to previously bounced address");
  EXPECT_EQ(detail(R"({"code":"550","message":7})"), "");
  EXPECT_EQ(detail(R"({"code":99999999999999999999,"message":"x"})"), "x");
  EXPECT_EQ(Event(R"("event":"rejected","reject":{"reason":"Sandbox"})").detail, "Sandbox");
}

TEST(MailgunEventsTest, AMailWithoutOurVariableIsNotOurs) {
  for (const char* event : {R"({"event":"opened"})", R"({"event":"opened","user-variables":[]})",
                            R"({"event":"opened","user-variables":{"lms_message_id":null}})"}) {
    const auto webhook = Parse(event);
    ASSERT_TRUE(webhook.has_value());
    ASSERT_THAT(webhook->events.events, SizeIs(1));
    EXPECT_THAT(webhook->events.events[0].message_id, IsEmpty());
  }
}

TEST(MailgunEventsTest, CountsAMalformedEvent) {
  for (const char* event : {"null", "[]", "7", "{}", R"({"event":7})",
                            R"({"event":"opened","user-variables":{"lms_message_id":7}})"}) {
    const auto webhook = Parse(event);
    ASSERT_TRUE(webhook.has_value()) << event;
    EXPECT_EQ(webhook->events.malformed, 1) << event;
    EXPECT_THAT(webhook->events.events, IsEmpty()) << event;
  }
}

TEST(MailgunEventsTest, NeedsASignature) {
  for (const char* body : {"", "null", "[]", "{", R"({"event-data":{}})", R"({"signature":7})",
                           R"({"signature":{"timestamp":"1","token":"t"}})",
                           R"({"signature":{"timestamp":"1","token":7,"signature":"s"}})",
                           R"({"signature":{"timestamp":"1","token":"","signature":"s"}})",
                           R"({"signature":{"timestamp":"1","token":"a b","signature":"s"}})"}) {
    EXPECT_FALSE(ParseMailgunWebhook(body).has_value()) << body;
  }
}

TEST(MailgunEventsTest, TheDigestIsThatOfTheEvent) {
  const std::string digest = Parse(R"({"event":"opened","id":"1"})")->event_digest;
  EXPECT_EQ(Parse(R"({ "id":"1", "event":"opened" })")->event_digest, digest);
  EXPECT_NE(Parse(R"({"event":"opened","id":"2"})")->event_digest, digest);
}

}  // namespace
}  // namespace lmsmail::gateway
