#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "absl/time/clock.h"

#include "libs/hash/sha256.h"
#include "tests/fakes/sendgrid_api.h"
#include "tests/fakes/testing.h"

namespace lmsmail::fakes {
namespace {

using nlohmann::json;
using ::testing::HasSubstr;
using ::testing::SizeIs;

json GoodMail() {
  return json::parse(R"({
    "personalizations": [
      {"to": [{"email": "amira@students.test", "name": "Amira"}],
       "custom_args": {"lms_message_id": "m1"}, "substitutions": {"-name-": "Amira"},
       "headers": {"List-Unsubscribe": "<https://school.test/u/1>"}},
      {"to": [{"email": "ben@students.test"}], "subject": "For -name-",
       "custom_args": {"lms_message_id": "m2"}, "substitutions": {"-name-": "Ben"}}],
    "from": {"email": "mail@school.test", "name": "School"},
    "subject": "Hello -name-",
    "headers": {"Message-ID": "<1@school.test>"},
    "categories": ["demo"],
    "content": [{"type": "text/plain", "value": "Dear -name-"},
                {"type": "text/html", "value": "<p>Dear -name-</p>"}],
    "tracking_settings": {"subscription_tracking": {"enable": false}}})");
}

class SendGridTest : public FakeTest {
 protected:
  void SetUp() override {
    StartFake(
        std::make_unique<SendGridApi>(SendGridOptions{.read_only_keys = {"SG.read"},
                                                      .sender_domains = {"school.test"},
                                                      .refused_recipients = {"bad@students.test"},
                                                      .detail = Detail::kContent}));
  }

  RawResponse Send(const json& mail, std::string key = "SG.fake") {
    return Post("/v3/mail/send",
                {{"Authorization", "Bearer " + key}, {"Content-Type", "application/json"}},
                mail.dump());
  }
  // Sends the good mail after a JSON patch of one member.
  RawResponse SendWith(std::string_view pointer, const json& value) {
    json mail = GoodMail();
    mail[json::json_pointer(std::string(pointer))] = value;
    return Send(mail);
  }
  RawResponse SendWithout(std::string_view member) {
    json mail = GoodMail();
    mail.erase(std::string(member));
    return Send(mail);
  }
  void ExpectRefused(const RawResponse& response, std::string_view field) {
    EXPECT_EQ(response.status, 400);
    const json body = json::parse(response.body, nullptr, false);
    ASSERT_TRUE(body.is_object()) << response.body;
    EXPECT_EQ(body["errors"][0]["field"], field) << response.body;
    EXPECT_TRUE(body["errors"][0].contains("help"));
  }
  static void ExpectBadRequest(const RawResponse& response) {
    EXPECT_EQ(response.status, 400);
    EXPECT_EQ(response.body, R"({"errors":[{"field":null,"help":null,"message":"Bad Request"}]})");
  }
};

TEST_F(SendGridTest, AcceptsMailForEachRecipient) {
  const RawResponse response = Send(GoodMail());
  EXPECT_EQ(response.status, 202);
  EXPECT_EQ(response.body, "");
  EXPECT_THAT(std::string(response.headers.Get("X-Message-Id")), SizeIs(22));
  EXPECT_EQ(response.headers.Get("X-RateLimit-Limit"), "10000");
  EXPECT_TRUE(response.headers.Has("X-RateLimit-Remaining"));
  EXPECT_TRUE(response.headers.Has("X-RateLimit-Reset"));

  const auto ledger = Ledger();
  ASSERT_THAT(ledger, SizeIs(2));
  EXPECT_EQ(ledger[0]["id"], "m1");
  EXPECT_EQ(ledger[0]["recipient"], "amira@students.test");
  EXPECT_EQ(ledger[0]["subject"], "Hello Amira");
  EXPECT_EQ(ledger[0]["headers"]["Message-ID"], "<1@school.test>");
  EXPECT_EQ(ledger[0]["headers"]["List-Unsubscribe"], "<https://school.test/u/1>");
  EXPECT_EQ(ledger[0]["sha256"], hash::Sha256Hex("Dear Amira<p>Dear Amira</p>"));
  EXPECT_EQ(ledger[0]["visible_recipients"], 1);
  EXPECT_EQ(ledger[0]["provider_id"], response.headers.Get("X-Message-Id"));
  EXPECT_EQ(ledger[1]["id"], "m2");
  EXPECT_EQ(ledger[1]["subject"], "For Ben");
  EXPECT_EQ(ledger[1]["content"]["html"], "<p>Dear Ben</p>");
  EXPECT_FALSE(ledger[1]["headers"].contains("List-Unsubscribe"));
}

TEST_F(SendGridTest, KnowsItsKeys) {
  EXPECT_EQ(Send(GoodMail(), "SG.other").status, 401);
  EXPECT_EQ(Send(GoodMail(), "SG.read").status, 403);
  EXPECT_EQ(Post("/v3/mail/send", {{"Content-Type", "application/json"}}, "{}").status, 401);
  EXPECT_THAT(Get("/v3/scopes", "Bearer SG.fake").body, HasSubstr("\"mail.send\""));
  EXPECT_THAT(Get("/v3/scopes", "Bearer SG.read").body, Not(HasSubstr("mail.send")));
  EXPECT_EQ(Get("/v3/scopes", "Bearer SG.other").status, 401);
  EXPECT_EQ(Get("/v3/scopes", "Basic SG.fake").status, 401);
  EXPECT_EQ(Get("/v3/mail/send", "Bearer SG.fake").status, 405);
  EXPECT_EQ(Get("/v3/other", "Bearer SG.fake").status, 404);
  EXPECT_EQ(SendWith("/from/email", "mail@other.test").status, 403);
}

TEST_F(SendGridTest, RefusesWhatIsNoMail) {
  ExpectBadRequest(Send(json::array()));
  ExpectBadRequest(Post("/v3/mail/send",
                        {{"Authorization", "Bearer SG.fake"}, {"Content-Type", "application/json"}},
                        "{\"from\":"));
  EXPECT_EQ(Post("/v3/mail/send",
                 {{"Authorization", "Bearer SG.fake"}, {"Content-Type", "text/plain"}}, "{}")
                .status,
            415);
  EXPECT_THAT(Ledger(), SizeIs(0));
}

TEST_F(SendGridTest, RequiresFields) {
  for (const std::string_view field : {"personalizations", "from", "content"}) {
    ExpectRefused(SendWithout(field), field);
  }
  ExpectRefused(SendWithout("subject"), "subject");
  json mail = GoodMail();
  mail.erase("subject");
  mail["personalizations"][0]["subject"] = "Own";
  EXPECT_EQ(Send(mail).status, 202);
  ExpectRefused(SendWith("/personalizations", json::array()), "personalizations");
  ExpectRefused(SendWith("/personalizations/0/to", json::array()), "personalizations.0.to");
}

TEST_F(SendGridTest, ChecksTypes) {
  ExpectRefused(SendWith("/subject", 1), "subject");
  ExpectRefused(SendWith("/categories", "demo"), "categories");
  ExpectRefused(SendWith("/custom_args", "text"), "custom_args");
  ExpectRefused(SendWith("/send_at", "soon"), "send_at");
  ExpectRefused(SendWith("/from", "mail@school.test"), "from");
  ExpectRefused(SendWith("/personalizations/1/to/0", "ben@students.test"),
                "personalizations.1.to.0");
  ExpectRefused(SendWith("/tracking_settings/click_tracking", json{{"enable", "no"}}),
                "tracking_settings.click_tracking.enable");
  ExpectRefused(SendWith("/tracking", json::object()), "tracking");
  ExpectRefused(SendWith("/personalizations/0/content", json::array()),
                "personalizations.0.content");
  ExpectBadRequest(SendWith("/custom_args", json{{"n", 1}}));
  ExpectBadRequest(SendWith("/headers", json{{"X-N", 1}}));
  ExpectBadRequest(SendWith("/personalizations/0/custom_args", json{{"n", nullptr}}));
  ExpectBadRequest(SendWith("/personalizations/0/substitutions", json{{"-n-", 1}}));
}

TEST_F(SendGridTest, RefusesEmptyTexts) {
  ExpectRefused(SendWith("/subject", ""), "subject");
  ExpectRefused(SendWith("/content/0/value", ""), "content.0.value");
  ExpectRefused(SendWith("/personalizations/0/subject", ""), "personalizations.0.subject");
  ExpectRefused(SendWith("/batch_id", ""), "batch_id");
  ExpectRefused(SendWith("/categories", json{""}), "categories");
}

TEST_F(SendGridTest, ChecksAddresses) {
  for (const std::string_view bad : {"", "amira", "amira@", "a b@students.test", "a@b"}) {
    ExpectRefused(SendWith("/personalizations/0/to/0/email", bad), "personalizations.0.to.0.email");
  }
  ExpectRefused(SendWith("/personalizations/1/to/0/email", "AMIRA@students.test"),
                "personalizations.1.to");
  ExpectRefused(SendWith("/personalizations/0/bcc", json{{{"email", "amira@students.test"}}}),
                "personalizations.0.bcc");
  ExpectRefused(SendWith("/reply_to", json{{"email", "x"}}), "reply_to.email");
}

TEST_F(SendGridTest, NamesTheRecipientThatItRefuses) {
  ExpectRefused(SendWith("/personalizations/1/to/0/email", "bad@students.test"),
                "personalizations.1.to.0.email");
  EXPECT_THAT(Ledger(), SizeIs(0)) << "one refused recipient refuses the whole request";
}

TEST_F(SendGridTest, LimitsRecipients) {
  const auto mail_to = [](int personalizations, int recipients_each) {
    json mail = GoodMail();
    mail["personalizations"] = json::array();
    for (int i = 0; i < personalizations; ++i) {
      json to = json::array();
      for (int j = 0; j < recipients_each; ++j) {
        to.push_back({{"email", std::to_string(i) + "." + std::to_string(j) + "@students.test"}});
      }
      mail["personalizations"].push_back({{"to", to}});
    }
    return mail;
  };
  EXPECT_EQ(Send(mail_to(1000, 1)).status, 202);
  ExpectRefused(Send(mail_to(1001, 1)), "personalizations");
  EXPECT_EQ(Send(mail_to(1, 1000)).status, 202);
  ExpectRefused(Send(mail_to(501, 2)), "personalizations");
  EXPECT_EQ(Counters()["mails"], 2000);
  EXPECT_EQ(Ledger().back()["visible_recipients"], 1000);
}

TEST_F(SendGridTest, LimitsSizes) {
  EXPECT_EQ(SendWith("/custom_args", json{{"k", std::string(9'999, 'x')}}).status, 202);
  ExpectRefused(SendWith("/custom_args", json{{"k", std::string(10'000, 'x')}}), "custom_args");
  ExpectRefused(
      SendWith("/personalizations/0/substitutions", json{{"-k-", std::string(10'000, 'x')}}),
      "personalizations.0.substitutions");
  json categories = json::array();
  for (int i = 0; i < 11; ++i) categories.push_back(std::to_string(i));
  ExpectRefused(SendWith("/categories", categories), "categories");
  ExpectRefused(SendWith("/categories", json{std::string(256, 'x')}), "categories");
  ExpectRefused(SendWith("/categories", json{"a", "a"}), "categories");
  ExpectRefused(SendWith("/ip_pool_name", "x"), "ip_pool_name");
  json groups = json::array();
  for (int i = 0; i < 26; ++i) groups.push_back(i);
  ExpectRefused(SendWith("/asm", json{{"group_id", 1}, {"groups_to_display", groups}}),
                "asm.groups_to_display");
  const std::int64_t now = absl::ToUnixSeconds(absl::Now());
  EXPECT_EQ(SendWith("/send_at", now + 71 * 3600).status, 202);
  ExpectRefused(SendWith("/send_at", now + 73 * 3600), "send_at");
  const RawResponse large = SendWith("/content/0/value", std::string(31 << 20, 'x'));
  EXPECT_EQ(large.status, 413);
  EXPECT_THAT(large.body, HasSubstr("<html>"));
}

TEST_F(SendGridTest, ChecksHeadersAndContent) {
  for (const std::string_view name :
       {"x-sg-id", "X-SG-EID", "Received", "DKIM-Signature", "Content-Type",
        "Content-Transfer-Encoding", "To", "From", "Subject", "Reply-To", "CC", "BCC"}) {
    ExpectRefused(SendWith("/headers/" + std::string(name), "x"), "headers");
    ExpectRefused(SendWith("/personalizations/0/headers/" + std::string(name), "x"),
                  "personalizations.0.headers");
  }
  ExpectRefused(SendWith("/headers/Gr\xc3\xbc\xc3\x9f", "x"), "headers");
  EXPECT_EQ(SendWith("/headers/List-Unsubscribe-Post", "List-Unsubscribe=One-Click").status, 202);

  json mail = GoodMail();
  std::swap(mail["content"][0], mail["content"][1]);
  ExpectRefused(Send(mail), "content");
  ExpectRefused(SendWith("/content/1/type", "text/plain"), "content");
  ExpectRefused(SendWith("/content/0/type", "text/plain; charset=utf-8"), "content.0.type");
  ExpectRefused(SendWith("/attachments", json{{{"content", "%%"}, {"filename", "a"}}}),
                "attachments.0.content");
}

TEST_F(SendGridTest, TakesNothingFromTheSandbox) {
  EXPECT_EQ(SendWith("/mail_settings", json{{"sandbox_mode", {{"enable", true}}}}).status, 200);
  EXPECT_THAT(Ledger(), SizeIs(0));
}

TEST_F(SendGridTest, LimitsTheRate) {
  StartFake(std::make_unique<SendGridApi>(SendGridOptions{.rate = 1}));
  RawResponse response;
  for (int i = 0; i < 3 && response.status != 429; ++i) response = Send(GoodMail());
  EXPECT_EQ(response.status, 429);
  EXPECT_EQ(response.headers.Get("X-RateLimit-Remaining"), "0");
}

}  // namespace
}  // namespace lmsmail::fakes
