#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "absl/time/clock.h"

#include "tests/fakes/sendgrid_api.h"
#include "tests/fakes/testing.h"

namespace lmsmail::fakes {
namespace {

using ::testing::HasSubstr;
using ::testing::SizeIs;
using ::testing::StartsWith;

constexpr std::string_view kMail =
    R"({"personalizations":[{"to":[{"email":"amira@students.test"}],)"
    R"("custom_args":{"lms_message_id":"m1"}}],"from":{"email":"mail@school.test"},)"
    R"("subject":"Hello","content":[{"type":"text/plain","value":"text"}]})";

class ControlTest : public FakeTest {
 protected:
  void SetUp() override { StartFake(std::make_unique<SendGridApi>(SendGridOptions{})); }

  RawResponse Send() {
    return Post("/v3/mail/send",
                {{"Authorization", "Bearer SG.fake"}, {"Content-Type", "application/json"}}, kMail);
  }
  void Plan(std::string_view plan) { ASSERT_EQ(Control(plan).status, 200) << plan; }
};

TEST_F(ControlTest, FailsWithEachStatus) {
  for (const int status : {400, 401, 403, 413, 429, 451, 500, 503}) {
    Plan(R"({"for_requests":1,"mode":")" + std::to_string(status) + "\"}");
    EXPECT_EQ(Send().status, status);
    EXPECT_EQ(Send().status, 202) << "after " << status;
  }
  EXPECT_THAT(Ledger(), SizeIs(8));
  EXPECT_EQ(Counters()["by_status"]["202"], 8);
  EXPECT_EQ(Counters()["by_status"]["429"], 1);
  EXPECT_EQ(Counters()["requests"], 16);
  EXPECT_EQ(Counters()["duplicates"], 7);
}

TEST_F(ControlTest, AnswersAsTheProxyDoes) {
  Plan(R"({"mode":"413"})");
  const RawResponse too_large = Send();
  EXPECT_EQ(too_large.headers.Get("Content-Type"), "text/html; charset=utf-8");
  EXPECT_THAT(too_large.body, HasSubstr("<h1>413 Request Entity Too Large</h1>"));
  Plan(R"({"mode":"503"})");
  EXPECT_THAT(Send().body, HasSubstr("<hr><center>nginx</center>"));
  Plan(R"({"mode":"wrong-body"})");
  EXPECT_EQ(Send().status, 200);
  EXPECT_THAT(Send().body, StartsWith("<!DOCTYPE html>"));
  EXPECT_THAT(Ledger(), SizeIs(0));
}

TEST_F(ControlTest, CutsTheConnection) {
  Plan(R"({"mode":"cut-before-body","for_requests":1})");
  RawClient client(fake_->port());
  client.Send("POST /v3/mail/send HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n");
  EXPECT_EQ(client.Receive().status, 0);
  EXPECT_EQ(Send().status, 202);
  Plan(R"({"mode":"cut-after-body","for_requests":1})");
  EXPECT_EQ(Send().status, 0);
  EXPECT_THAT(Ledger(), SizeIs(1));
  Plan(R"({"mode":"cut-after-accept","for_requests":1})");
  EXPECT_EQ(Send().status, 0);
  const auto ledger = Ledger();
  ASSERT_THAT(ledger, SizeIs(2));
  EXPECT_EQ(ledger[0]["answered"], true);
  EXPECT_EQ(ledger[1]["answered"], false);
  EXPECT_EQ(Counters()["by_status"]["cut"], 3);
  EXPECT_EQ(Counters()["unanswered"], 1);
  EXPECT_EQ(Counters()["mails"], 2);
}

TEST_F(ControlTest, DelaysTheAnswer) {
  Plan(R"({"mode":"slow","delay_ms":30,"for_requests":1})");
  const absl::Time start = absl::Now();
  EXPECT_EQ(Send().status, 202);
  EXPECT_GE(absl::Now() - start, absl::Milliseconds(30));
  // The end of the fake does not wait for an answer.
  Plan(R"({"mode":"slow","delay_ms":600000})");
  RawClient client(fake_->port());
  client.Send(http_server::testing::PostRequest(
      "/v3/mail/send", {{"Authorization", "Bearer SG.fake"}, {"Content-Type", "application/json"}},
      kMail));
  while (Counters()["mails"] != 2) {
  }
  fake_.reset();
}

TEST_F(ControlTest, LimitsRequestsByPlan) {
  Plan(R"({"mode":"429","reset_seconds":30,"for_requests":1})");
  const std::int64_t now = absl::ToUnixSeconds(absl::Now());
  const RawResponse response = Send();
  const std::int64_t reset = std::stoll(std::string(response.headers.Get("X-RateLimit-Reset")));
  EXPECT_GE(reset, now + 30);
  EXPECT_LE(reset, now + 50);
  EXPECT_EQ(response.body,
            R"({"errors":[{"field":null,"help":null,"message":"too many requests"}]})");
}

TEST_F(ControlTest, RevokesTheKeyUntilToldOtherwise) {
  Plan(R"({"mode":"revoked"})");
  EXPECT_EQ(Send().status, 401);
  EXPECT_EQ(Get("/v3/scopes", "Bearer SG.fake").status, 401);
  EXPECT_EQ(Counters()["mode"], "revoked");
  Plan(R"({"mode":"quota"})");
  EXPECT_THAT(Send().body, HasSubstr("Maximum credits exceeded"));
  EXPECT_EQ(Send().status, 401);
  EXPECT_EQ(Get("/v3/scopes", "Bearer SG.fake").status, 200);
  Plan(R"({"mode":"none"})");
  EXPECT_EQ(Send().status, 202);
}

TEST_F(ControlTest, CountsRequestsToSendMailOnly) {
  Plan(R"({"mode":"500","after_requests":1,"every":2,"for_requests":2})");
  std::string statuses;
  for (int i = 0; i < 8; ++i) {
    statuses += Send().status == 500 ? 'F' : '.';
    EXPECT_EQ(Get("/v3/scopes", "Bearer SG.fake").status, 200);
  }
  EXPECT_EQ(statuses, "..F.F...");
}

TEST_F(ControlTest, RefusesBadPlans) {
  for (const std::string_view plan :
       {"", "[]", "{}", R"({"mode":"402"})", R"({"mode":429})", R"({"mode":"429","for":1})",
        R"({"mode":"429","for_requests":0})", R"({"mode":"429","every":0})",
        R"({"mode":"429","for_requests":"1"})", R"({"mode":"slow","delay_ms":-1})"}) {
    const RawResponse response = Control(plan);
    EXPECT_EQ(response.status, 400) << plan;
    EXPECT_THAT(response.body, StartsWith(R"({"error":)")) << plan;
  }
  EXPECT_EQ(Send().status, 202);
}

}  // namespace
}  // namespace lmsmail::fakes
