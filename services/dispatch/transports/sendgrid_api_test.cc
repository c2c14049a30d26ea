#include "services/dispatch/transports/sendgrid_api.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <string>
#include <vector>

#include "libs/testing/status_matchers.h"
#include "services/dispatch/testing/provider_mail.h"

namespace lmsmail::dispatch {
namespace {

using ::testing::HasSubstr;
using Json = nlohmann::json;
using Kind = DeliveryResult::Kind;

const absl::Time kNow = absl::FromUnixSeconds(1'800'000'000);

class SendGridApiTest : public ::testing::Test {
 protected:
  static SenderIdentity Sender() {
    return {.from = {"The School", *address::ParseEmailAddress("mail@school.example")},
            .reply_to = address::Mailbox{"", *address::ParseEmailAddress("office@school.example")},
            .envelope_from = "",
            .signer = nullptr};
  }
  Json Request(const std::vector<std::string>& names) {
    std::vector<ProviderMail> mails;
    for (const std::string& name : names) mails.push_back(ProviderMailTo(name, api_.tag_style()));
    request_ = api_.SendRequest(mails, "SG.key");
    return Json::parse(request_.body);
  }
  ProviderAnswer Answer(int status, std::string body, http_client::Headers headers = {}) {
    return api_.Interpret(
        {.status = status, .headers = std::move(headers), .body = std::move(body)}, kNow);
  }

  SendGridApi api_{"https://api.sendgrid.com", Sender()};
  http_client::Request request_;
};

TEST_F(SendGridApiTest, WritesOnePersonalizationForEachMail) {
  const Json json = Request({"ann", "bob"});
  EXPECT_EQ(request_.method, "POST");
  EXPECT_EQ(request_.url, "https://api.sendgrid.com/v3/mail/send");
  EXPECT_EQ(request_.headers[0],
            (std::pair<std::string, std::string>{"Authorization", "Bearer SG.key"}));
  EXPECT_EQ(json["from"], (Json{{"email", "mail@school.example"}, {"name", "The School"}}));
  EXPECT_EQ(json["reply_to"], (Json{{"email", "office@school.example"}}));
  EXPECT_EQ(json["categories"], Json::array({"content"}));
  ASSERT_EQ(json["personalizations"].size(), 2u);
  const Json& bob = json["personalizations"][1];
  EXPECT_EQ(bob["to"], Json::array({{{"email", "bob@students.example"}, {"name", "bob"}}}));
  EXPECT_EQ(bob["subject"], "News for bob");
  EXPECT_EQ(bob["custom_args"], (Json{{"lms_message_id", "<bob.1@school.example>"}}));
  EXPECT_EQ(bob["headers"], (Json{{"Message-ID", "<bob.1@school.example>"},
                                  {"List-Unsubscribe", "<https://m.school.example/u/bob>"}}));
}

TEST_F(SendGridApiTest, WritesAHeaderThatAllMailsHaveOnce) {
  const Json both = Request({"ann", "bob"});
  EXPECT_EQ(both["headers"], (Json{{"List-Unsubscribe-Post", "List-Unsubscribe=One-Click"}}))
      << "no header that SendGrid reserves";
  const Json one = Request({"ann"});
  EXPECT_FALSE(one.contains("headers"));
  EXPECT_EQ(one["personalizations"][0]["headers"],
            (Json{{"Message-ID", "<ann.1@school.example>"},
                  {"List-Unsubscribe", "<https://m.school.example/u/ann>"},
                  {"List-Unsubscribe-Post", "List-Unsubscribe=One-Click"}}));
}

TEST_F(SendGridApiTest, SharesTheContentPlainTextFirst) {
  const Json json = Request({"ann", "bob"});
  EXPECT_EQ(json["content"],
            Json::array({{{"type", "text/plain"},
                          {"value", "Dear [%lmsmail.v2%],\nstop: [%lmsmail.v1%]\n"}},
                         {{"type", "text/html"},
                          {"value",
                           "<p>Dear [%lmsmail.v2%]</p>"
                           "<a href=\"[%lmsmail.v1%]\">stop</a>"}}}));
  EXPECT_EQ(json["personalizations"][0]["substitutions"]["[%lmsmail.v2%]"], "ann");
}

TEST_F(SendGridApiTest, LeavesOurLinksAndHeadersAlone) {
  const Json tracking = Request({"ann"})["tracking_settings"];
  for (const char* setting : {"click_tracking", "open_tracking", "subscription_tracking"}) {
    EXPECT_EQ(tracking[setting]["enable"], false) << setting;
  }
}

TEST_F(SendGridApiTest, AnswersWithTheMeaningOfTheResponse) {
  const ProviderAnswer accepted = Answer(202, "", {{"X-Message-Id", "abc"}});
  EXPECT_EQ(accepted.result.kind, Kind::kAccepted);
  EXPECT_EQ(accepted.result.reply_text, "accepted as abc");

  const ProviderAnswer revoked = Answer(
      401, R"({"errors":[{"message":"The provided authorization grant is invalid, expired, or )"
           R"(revoked","field":null,"help":null}]})");
  EXPECT_EQ(revoked.result.kind, Kind::kRefused);
  EXPECT_TRUE(revoked.result.refusal->all_mail);
  EXPECT_THAT(revoked.result.reply_text, HasSubstr("revoked"));
  EXPECT_EQ(revoked.culprit, std::nullopt);

  const ProviderAnswer address =
      Answer(400, R"({"errors":[{"message":"Does not contain a valid address.",)"
                  R"("field":"personalizations.17.to.0.email","help":null}]})");
  EXPECT_EQ(address.result.refusal->kind, Refusal::Kind::kRecipient);
  EXPECT_EQ(address.culprit, 17u);

  const ProviderAnswer later =
      Answer(429, R"({"errors":[{"field":null,"message":"too many requests"}]})",
             {{"X-RateLimit-Reset", "1800000030"}});
  EXPECT_EQ(later.result.refusal->kind, Refusal::Kind::kTemporary);
  EXPECT_EQ(later.result.refusal->retry_after, absl::Seconds(30));
}

TEST_F(SendGridApiTest, AWrongBodyIsNeverTakenForSuccess) {
  for (const char* body :
       {"", "<html>Log in to the wireless network</html>", "[]", "{\"errors\":1}",
        "{\"errors\":[1]}", "{\"errors\":[{\"message\":1}]}", "\xff"}) {
    const ProviderAnswer answer = Answer(200, body);
    EXPECT_EQ(answer.result.kind, Kind::kRefused) << body;
    EXPECT_TRUE(answer.result.refusal->all_mail) << body;
  }
  const ProviderAnswer large = Answer(413, "<html>413 Request Entity Too Large</html>");
  EXPECT_EQ(large.result.refusal->reason, Reason::kTooLarge);
}

TEST_F(SendGridApiTest, TheTestShowsWhetherTheKeyMaySendMail) {
  EXPECT_EQ(api_.TestRequest("k").url, "https://api.sendgrid.com/v3/scopes");
  EXPECT_OK(api_.InterpretTest({.status = 200, .body = R"({"scopes":["mail.send"]})"}));
  EXPECT_THAT(api_.InterpretTest({.status = 200, .body = R"({"scopes":["stats.read"]})"}),
              StatusIs(absl::StatusCode::kFailedPrecondition, HasSubstr("mail.send")));
  EXPECT_THAT(api_.InterpretTest({.status = 200, .body = "<html>"}),
              StatusIs(absl::StatusCode::kFailedPrecondition, HasSubstr("base_url")));
  EXPECT_THAT(api_.InterpretTest({.status = 401, .body = R"({"errors":[{"message":"revoked"}]})"}),
              StatusIs(absl::StatusCode::kFailedPrecondition, HasSubstr("revoked")));
}

}  // namespace
}  // namespace lmsmail::dispatch
