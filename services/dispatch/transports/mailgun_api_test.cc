#include "services/dispatch/transports/mailgun_api.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <map>
#include <string>
#include <vector>

#include "libs/testing/status_matchers.h"
#include "services/dispatch/testing/provider_mail.h"

namespace lmsmail::dispatch {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;
using Json = nlohmann::json;
using Kind = DeliveryResult::Kind;

const absl::Time kNow = absl::FromUnixSeconds(1'800'000'000);

// The fields of a multipart/form-data body.
std::multimap<std::string, std::string> Fields(const http_client::Request& request) {
  std::multimap<std::string, std::string> fields;
  const std::string type = request.headers.back().second;
  const std::string boundary = "--" + type.substr(type.find("boundary=") + 9);
  std::size_t at = request.body.find(boundary);
  for (std::size_t next = 0; (next = request.body.find(boundary, at + 1)) != std::string::npos;
       at = next) {
    const std::string part = request.body.substr(at, next - at);
    const std::size_t name = part.find("name=\"") + 6;
    const std::size_t value = part.find("\r\n\r\n") + 4;
    fields.emplace(part.substr(name, part.find('"', name) - name),
                   part.substr(value, part.size() - value - 2));
  }
  return fields;
}

class MailgunApiTest : public ::testing::Test {
 protected:
  std::multimap<std::string, std::string> Request(const std::vector<std::string>& names) {
    std::vector<ProviderMail> mails;
    for (const std::string& name : names) mails.push_back(ProviderMailTo(name, api_.tag_style()));
    request_ = api_.SendRequest(mails, "key");
    return Fields(request_);
  }
  ProviderAnswer Answer(int status, std::string body, http_client::Headers headers = {}) {
    return api_.Interpret(
        {.status = status, .headers = std::move(headers), .body = std::move(body)}, kNow);
  }

  MailgunApi api_{"https://api.mailgun.net", "mg.school.example"};
  http_client::Request request_;
};

TEST_F(MailgunApiTest, SendsASingleMailWithOurBytes) {
  const auto fields = Request({"ann"});
  EXPECT_EQ(request_.url, "https://api.mailgun.net/v3/mg.school.example/messages.mime");
  EXPECT_EQ(request_.headers[0].second, "Basic YXBpOmtleQ==");
  EXPECT_EQ(fields.find("to")->second, "ann@students.example");
  EXPECT_EQ(fields.find("message")->second, MailTo("ann").message);
  EXPECT_EQ(fields.find("v:lms_message_id")->second, "<ann.1@school.example>");
  EXPECT_EQ(fields.find("o:tag")->second, "content");
  EXPECT_EQ(fields.find("o:tracking")->second, "no");
}

TEST_F(MailgunApiTest, SendsMailsThatShareTheirContentWithVariables) {
  const auto fields = Request({"ann", "bob"});
  EXPECT_EQ(request_.url, "https://api.mailgun.net/v3/mg.school.example/messages");
  EXPECT_EQ(fields.count("to"), 2u);
  EXPECT_EQ(fields.find("from")->second, "The School <mail@school.example>");
  EXPECT_EQ(fields.find("text")->second, "Dear %recipient.v2%,\nstop: %recipient.v1%\n");
  EXPECT_EQ(fields.find("subject")->second, "%recipient.subject%");
  EXPECT_EQ(fields.find("h:List-Unsubscribe")->second, "%recipient.h_List-Unsubscribe%");
  EXPECT_EQ(fields.find("v:lms_message_id")->second, "%recipient.h_Message-ID%");
  const Json variables = Json::parse(fields.find("recipient-variables")->second);
  ASSERT_EQ(variables.size(), 2u) << "without them, all recipients would see each other";
  const Json& bob = variables["bob@students.example"];
  EXPECT_EQ(bob["v2"], "bob");
  EXPECT_EQ(bob["subject"], "News for bob");
  EXPECT_EQ(bob["h_List-Unsubscribe"], "<https://m.school.example/u/bob>");
  EXPECT_EQ(bob["h_Message-ID"], "<bob.1@school.example>");
}

TEST_F(MailgunApiTest, AnswersWithTheMeaningOfTheResponse) {
  EXPECT_EQ(
      Answer(200, R"({"id":"<1@mg.school.example>","message":"Queued. Thank you."})").result.kind,
      Kind::kAccepted);
  const ProviderAnswer forbidden = Answer(401, "Forbidden");
  EXPECT_TRUE(forbidden.result.refusal->all_mail);
  EXPECT_EQ(forbidden.result.reply_text, "Forbidden");
  EXPECT_TRUE(Answer(404, R"({"message":"Domain not found: x"})").result.refusal->all_mail);
  EXPECT_EQ(
      Answer(400, R"({"message":"to parameter is not a valid address"})").result.refusal->kind,
      Refusal::Kind::kRecipient);
  EXPECT_EQ(
      Answer(400, R"({"message":"from parameter is not a valid address"})").result.refusal->kind,
      Refusal::Kind::kSender);
  const ProviderAnswer later =
      Answer(429, R"({"message":"Domain x is not allowed to send: request limit exceeded"})",
             {{"X-RateLimit-Reset", "1800000001.5"}});
  EXPECT_EQ(later.result.refusal->retry_after, absl::Milliseconds(1500));
}

TEST_F(MailgunApiTest, AWrongBodyIsNeverTakenForSuccess) {
  for (const char* body : {"Mailgun Magnificent API", "", "{}", "{\"id\":1}", "<html>", "\xff"}) {
    const ProviderAnswer answer = Answer(200, body);
    EXPECT_EQ(answer.result.kind, Kind::kRefused) << body;
    EXPECT_TRUE(answer.result.refusal->all_mail) << body;
  }
}

TEST_F(MailgunApiTest, TheTestSendsNothing) {
  const http_client::Request request = api_.TestRequest("key");
  EXPECT_THAT(Fields(request), testing::IsEmpty());
  EXPECT_OK(api_.InterpretTest({.status = 400, .body = R"({"message":"from is missing"})"}));
  for (const int status : {200, 401, 403, 404, 500}) {
    EXPECT_THAT(api_.InterpretTest({.status = status, .body = "no"}),
                StatusIs(absl::StatusCode::kFailedPrecondition, HasSubstr("api_key_file")))
        << status;
  }
}

}  // namespace
}  // namespace lmsmail::dispatch
