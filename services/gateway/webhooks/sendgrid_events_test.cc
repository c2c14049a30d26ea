#include "services/gateway/webhooks/sendgrid_events.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "libs/strings/utf8.h"

namespace lmsmail::gateway {
namespace {

using ::testing::IsEmpty;
using ::testing::SizeIs;
using ::testing::StartsWith;

ProviderEvents Parse(std::string_view body) {
  const auto events = ParseSendgridEvents(body);
  EXPECT_TRUE(events.has_value()) << body;
  return events.value_or(ProviderEvents());
}
// The only event with these members.
ProviderEvent Event(std::string_view members) {
  const ProviderEvents parsed = Parse(
      fmt::format(R"([{{"lms_message_id":"<m@school.example>","sg_event_id":"e",{}}}])", members));
  EXPECT_THAT(parsed.events, SizeIs(1)) << members;
  return parsed.events.empty() ? ProviderEvent() : parsed.events[0];
}

TEST(SendgridEventsTest, NormalisesTypes) {
  const auto type = [](std::string_view name) {
    return NameOf(Event(fmt::format(R"("event":"{}")", name)).type);
  };
  EXPECT_EQ(type("processed"), "queued");
  EXPECT_EQ(type("deferred"), "deferred");
  EXPECT_EQ(type("delivered"), "delivered");
  EXPECT_EQ(type("bounce"), "bounced");
  EXPECT_EQ(type("dropped"), "rejected");
  EXPECT_EQ(type("open"), "opened");
  EXPECT_EQ(type("click"), "clicked");
  EXPECT_EQ(type("spamreport"), "complained");
  EXPECT_EQ(type("unsubscribe"), "unsubscribed");
  EXPECT_EQ(type("group_unsubscribe"), "unsubscribed");
  EXPECT_EQ(type("group_resubscribe"), "subscribed");
  EXPECT_EQ(type("account_status_change"), "unknown");
}

TEST(SendgridEventsTest, NormalisesReasons) {
  const auto reason = [](std::string_view members) {
    return NameOf(Event(fmt::format(R"("event":"dropped",{})", members)).reject_reason);
  };
  EXPECT_EQ(reason(R"("reason":"Invalid")"), "invalid");
  EXPECT_EQ(reason(R"("reason":"Bounced Address")"), "bounced");
  EXPECT_EQ(reason(R"("reason":"Unsubscribed Address")"), "unsubscribed");
  EXPECT_EQ(reason(R"("type":"expired")"), "timed_out");
  EXPECT_EQ(reason(R"("type":"blocked","reason":"x")"), "blocked");
  EXPECT_EQ(reason(R"("reason":"Spam Content")"), "other");
  EXPECT_EQ(reason(R"("reason":7)"), "other");
  EXPECT_EQ(NameOf(Event(R"("event":"bounce","type":"blocked")").reject_reason), "");
}

TEST(SendgridEventsTest, ReadsTheMembers) {
  const ProviderEvent event =
      Event(R"("event":"delivered","email":"ada@students.example","timestamp":1600112492,)"
            R"("response":"250 2.0.0 OK","category":["a","b"])");
  EXPECT_EQ(event.message_id, "<m@school.example>");
  EXPECT_EQ(event.event_id, "e");
  EXPECT_EQ(event.recipient, "ada@students.example");
  EXPECT_EQ(event.time, absl::FromUnixSeconds(1600112492));
  EXPECT_EQ(event.detail, "250 2.0.0 OK");
}

TEST(SendgridEventsTest, TellsOpensByPrograms) {
  EXPECT_TRUE(Event(R"("event":"open","sg_machine_open":true)").machine);
  EXPECT_FALSE(Event(R"("event":"open","sg_machine_open":false)").machine);
  EXPECT_FALSE(Event(R"("event":"open","sg_machine_open":"yes")").machine);
  EXPECT_FALSE(Event(R"("event":"open")").machine);
  EXPECT_FALSE(Event(R"("event":"delivered","sg_machine_open":true)").machine);
}

// The text is what dispatch judges the address by.
TEST(SendgridEventsTest, TellsWhyAMailBounced) {
  const auto detail = [](std::string_view members) {
    return Event(fmt::format(R"("event":"bounce",{})", members)).detail;
  };
  EXPECT_EQ(detail(R"("reason":"550 5.1.1 no such user","status":"5.1.1")"),
            "550 5.1.1 no such user");
  EXPECT_EQ(detail(R"("reason":"550 no such user","status":"5.1.1")"), "550 5.1.1 no such user");
  EXPECT_EQ(detail(R"("reason":"550-no such user","status":"5.1.1")"), "550 5.1.1 no such user");
  EXPECT_EQ(detail(R"("reason":"no such user","status":"5.1.1")"), "5.1.1 no such user");
  EXPECT_EQ(detail(R"("bounce_classification":"Unclassified")"), "Unclassified");
  EXPECT_EQ(detail(R"("type":"blocked","reason":"unable to get mx info")"),
            "blocked: unable to get mx info");
  EXPECT_EQ(detail(R"("type":"blocked","reason":"550 5.7.1 blocked")"), "550 5.7.1 blocked");
  EXPECT_EQ(detail(R"("bounce_classification":"Reputation")"), "blocked: Reputation");
  EXPECT_EQ(detail(R"("type":"bounce")"), "");
}

// The rest of a link may be a token.
TEST(SendgridEventsTest, KeepsOnlyTheSiteOfALink) {
  const auto detail = [](std::string_view url) {
    return Event(fmt::format(R"("event":"click","url":"{}")", url)).detail;
  };
  EXPECT_EQ(detail("https://mail.school.example/u/k1.secret?x=1"), "https://mail.school.example");
  EXPECT_EQ(detail("https://ada:secret@school.example:8443#x"), "https://school.example:8443");
  EXPECT_EQ(detail("mailto:ada@students.example"), "");
}

TEST(SendgridEventsTest, ABadEventLosesNoOther) {
  constexpr std::string_view kGood =
      R"({"event":"open","lms_message_id":"<m@school.example>","sg_event_id":"good"})";
  for (const std::string_view bad :
       {"null", "7", "[]", "{}", R"("text")", R"({"event":7})", R"({"event":null})",
        R"({"event":"open","lms_message_id":7})", R"({"event":"open","lms_message_id":"a b"})",
        R"({"event":"open","lms_message_id":"\u0000"})",
        // Not well-formed.
        R"({"event":"open","x":"\ud800"})", R"({"event":"open","x":01})", R"({"event" "open"})",
        R"({"event":"open","x":"\q"})", R"({"event":"open",})", "nul", ""}) {
    const ProviderEvents parsed = Parse(fmt::format("[{},{},{}]\r\n", kGood, bad, kGood));
    EXPECT_THAT(parsed.events, SizeIs(2)) << bad;
    EXPECT_EQ(parsed.malformed, 1) << bad;
  }
}

TEST(SendgridEventsTest, KeepsEventsWithOddTexts) {
  using namespace std::string_view_literals;  // NOLINT: the only way to write NUL in a literal
  for (const std::string_view reason :
       {"a\\u0000b"sv, "a\\u001bb"sv, "a\0b"sv, "a\x1b[31mb"sv, "a\nb"sv, "a\x7f\xc2\x85 b"sv}) {
    const std::string members =
        fmt::format(R"("event":"bounce","reason":"{}","email":7,"timestamp":"soon")", reason);
    const ProviderEvent event = Event(members);
    EXPECT_THAT(event.detail, StartsWith("a"));
    for (const char c : event.detail) EXPECT_GE(c, ' ');
    EXPECT_THAT(event.recipient, IsEmpty());
    EXPECT_FALSE(event.time.has_value());
  }
  EXPECT_EQ(Event("\"event\":\"bounce\",\"reason\":\"a\xff\xc3(\"").detail,
            "a\xef\xbf\xbd\xef\xbf\xbd(");
}

TEST(SendgridEventsTest, CutsTextBetweenCodePoints) {
  std::string text = "x";
  for (int i = 0; i < 1000; ++i) text += "😀";
  const ProviderEvent event = Event(fmt::format(R"("event":"bounce","reason":"{}")", text));
  EXPECT_EQ(event.detail.size(), 497u);
  EXPECT_TRUE(IsValidUtf8(event.detail));
  const ProviderEvent coded =
      Event(fmt::format(R"("event":"bounce","status":"5.1.1","reason":"{}")", text));
  EXPECT_LE(coded.detail.size(), kMaxEventDetail);
  EXPECT_TRUE(IsValidUtf8(coded.detail));
}

TEST(SendgridEventsTest, MakesAnIdForAnEventWithoutOne) {
  const auto id = [](std::string_view members) {
    return Parse(fmt::format(R"([{{"event":"open",{}}}])", members)).events.at(0).event_id;
  };
  EXPECT_THAT(id(R"("timestamp":1)"), StartsWith("sha256-"));
  EXPECT_EQ(id(R"("timestamp":1)"), id(R"("timestamp":1)"));
  EXPECT_NE(id(R"("timestamp":1)"), id(R"("timestamp":2)"));
  EXPECT_THAT(id(R"("sg_event_id":"a b")"), StartsWith("sha256-"));
  EXPECT_THAT(id(fmt::format(R"("sg_event_id":"{}")", std::string(129, 'e'))),
              StartsWith("sha256-"));
}

TEST(SendgridEventsTest, IgnoresTimesThatAreNone) {
  for (const char* time : {"-1", "1e300", "true", "\"1600112492\"", "null", "253402300800"}) {
    EXPECT_FALSE(Event(fmt::format(R"("event":"open","timestamp":{})", time)).time) << time;
  }
}

TEST(SendgridEventsTest, RefusesWhatIsNoArray) {
  for (const char* body : {"", " ", "{}", "null", "[", "[{", "]", "nonsense", R"({"event":"open"})",
                           R"([{"event":"open")", "\xff"}) {
    EXPECT_FALSE(ParseSendgridEvents(body).has_value()) << body;
  }
  EXPECT_THAT(Parse("[]").events, IsEmpty());
  EXPECT_THAT(Parse(" [ ] ").events, IsEmpty());
}

TEST(SendgridEventsTest, LeavesOutWhatIsNestedTooDeeply) {
  const std::string deep = std::string(100'000, '[') + std::string(100'000, ']');
  EXPECT_EQ(Event(fmt::format(R"("event":"open","x":{})", deep)).type, EventType::kOpened);
  EXPECT_FALSE(ParseSendgridEvents(std::string(1'000'000, '[')).has_value());
}

}  // namespace
}  // namespace lmsmail::gateway
