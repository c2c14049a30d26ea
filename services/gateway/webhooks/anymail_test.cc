// Compares what becomes of many webhooks with the views of Debian's django-anymail. An independent
// reader finds errors that our reader and its tests would share.

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <cstdlib>
#include <fstream>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "libs/testing/temporary_folder.h"
#include "services/gateway/webhooks/mailgun_events.h"
#include "services/gateway/webhooks/sendgrid_events.h"

namespace lmsmail::gateway {
namespace {

using nlohmann::json;

// Varies genuine events.
class Writer {
 public:
  explicit Writer(std::uint32_t seed) : random_(seed) {}

  std::string Sendgrid() {
    json event = {{"email", Address()},
                  {"event", Pick({"processed", "deferred", "delivered", "bounce", "dropped", "open",
                                  "click", "spamreport", "unsubscribe", "group_unsubscribe",
                                  "group_resubscribe", "account_status_change"})},
                  {"sg_event_id", "e"},
                  {"lms_message_id", "<m@school.example>"}};
    Maybe(event, "timestamp", 1'600'000'000 + Below(100'000'000));
    Maybe(event, "reason",
          Pick({"Invalid", "Unsubscribed Address", "bounce", "BLOCKED", "expired", "Spam Content",
                "550 5.1.1 no such user", ""}));
    Maybe(event, "type", Pick({"bounce", "blocked", "expired", "other"}));
    Maybe(event, "response", "250 OK é 😀");
    Maybe(event, "status", "5.1.1");
    Maybe(event, "url", "https://school.example/");
    Maybe(event, "category", json::array({"a", "b"}));
    return json::array({event}).dump();
  }

  std::string Mailgun() {
    json event = {{"event", Pick({"accepted", "rejected", "delivered", "failed", "opened",
                                  "clicked", "unsubscribed", "complained", "stored"})},
                  {"recipient", Address()},
                  {"user-variables", {{"lms_message_id", "<m@school.example>"}}}};
    Maybe(event, "timestamp", 1.6e9 + static_cast<double>(Below(100'000'000)) + 0.25);
    if (event["event"] == "failed") {
      Maybe(event, "severity", Pick({"temporary", "permanent", "internal"}));
      Maybe(event, "reason",
            Pick({"bounce", "suppress-bounce", "generic", "espblock", "greylisted", "old"}));
    }
    Maybe(event, "delivery-status", {{"code", 550}, {"message", "no such user"}});
    return json({{"signature", {{"timestamp", "1"}, {"token", "t"}, {"signature", "s"}}},
                 {"event-data", event}})
        .dump();
  }

 private:
  std::size_t Below(std::size_t bound) { return random_() % bound; }
  std::string Pick(const std::vector<std::string>& texts) { return texts[Below(texts.size())]; }
  std::string Address() { return Pick({"ada@students.example", "ö@students.example", ""}); }
  void Maybe(json& object, const char* name, json value) {
    if (Below(3) != 0) object[name] = std::move(value);
  }

  std::mt19937 random_;
};

json Normalised(const ProviderEvents& events) {
  if (events.events.size() != 1) return nullptr;
  const ProviderEvent& event = events.events[0];
  json time = nullptr;
  if (event.time) time = absl::ToUnixMicros(*event.time);
  return {{"type", NameOf(event.type)},
          {"reason", NameOf(event.reject_reason)},
          {"recipient", event.recipient},
          {"time", time}};
}

TEST(AnymailTest, NormalisesEventsInTheSameWay) {
  constexpr int kCases = 2000;
  const TemporaryFolder folder;
  Writer writer(20261130);
  std::ofstream cases(folder.path() / "cases");
  std::vector<std::string> bodies;
  for (int i = 0; i < kCases; ++i) {
    const bool sendgrid = i % 2 == 0;
    bodies.push_back(sendgrid ? writer.Sendgrid() : writer.Mailgun());
    cases << json({{"provider", sendgrid ? "sendgrid" : "mailgun"}, {"body", bodies.back()}}).dump()
          << "\n";
  }
  cases.close();
  const std::string command =
      fmt::format("/usr/bin/python3 '{}' '{}' > '{}'", ANYMAIL_CHECK,
                  (folder.path() / "cases").string(), (folder.path() / "events").string());
  ASSERT_EQ(std::system(command.c_str()), 0);

  std::ifstream events(folder.path() / "events");
  std::string line;
  int compared = 0;
  for (int i = 0; i < kCases; ++i) {
    ASSERT_TRUE(std::getline(events, line));
    const std::string& body = bodies[static_cast<std::size_t>(i)];
    const json ours = Normalised(i % 2 == 0 ? ParseSendgridEvents(body).value()
                                            : ParseMailgunWebhook(body).value().events);
    const json theirs = json::parse(line);
    ASSERT_FALSE(theirs.is_null()) << body;
    EXPECT_EQ(ours, theirs) << body;
    ++compared;
  }
  EXPECT_EQ(compared, kCases);
}

}  // namespace
}  // namespace lmsmail::gateway
