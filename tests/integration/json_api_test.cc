// Clients that are not ours call the services as JSON: curl, @connectrpc/connect and whatever reads
// OpenAPI. And hostile ones.

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "libs/http_server/testing/raw_client.h"
#include "libs/testing/temporary_folder.h"
#include "tests/integration/suite/gateway.h"
#include "tests/integration/suite/lms_client.h"
#include "tests/integration/suite/node_client.h"
#include "tests/integration/suite/suite_test.h"
#include "tests/integration/suite/wait.h"

namespace lmsmail::integration {
namespace {

using http_server::testing::PostRequest;
using http_server::testing::RawClient;
using http_server::testing::RawResponse;
using nlohmann::json;
using ::testing::HasSubstr;

constexpr char kSend[] = "/lmsmail.dispatch.v1.DispatchService/Send";
constexpr char kSendBulk[] = "/lmsmail.dispatch.v1.DispatchService/SendBulk";

class JsonApiTest : public SuiteTest {
 protected:
  static void SetUpTestSuite() {
    SuiteTest::SetUpTestSuite();
    ASSERT_OK(CreateGreeting(suite(), "greeting", type::v1::CATEGORY_PAYMENT));
    ASSERT_OK_AND_ASSIGN(gateway_, Gateway::Start(suite()));
  }
  static void TearDownTestSuite() {
    gateway_.reset();
    SuiteTest::TearDownTestSuite();
  }
  void SetUp() override {
    SuiteTest::SetUp();
    ASSERT_NE(gateway_, nullptr) << "the gateway did not start";
  }
  void TearDown() override {
    EXPECT_EQ(gateway_->SendAdmin("GET /readyz HTTP/1.1\r\nHost: x\r\n\r\n").status, 200);
  }

  static std::string Url(std::string_view path = "") {
    return fmt::format("http://127.0.0.1:{}{}", gateway_->admin_port(), path);
  }
  // Returns what the program prints, or an error with it if it fails.
  absl::StatusOr<std::string> Run(std::vector<std::string> argv) {
    return RunToEnd(std::move(argv), folder_.path() / "log", absl::Minutes(2));
  }
  struct Answer {
    int status = 0;
    json body;
  };
  // Sends the file "body" of the folder.
  Answer Curl(std::string_view path, std::string_view type) {
    const auto output =
        Run({"curl", "-sS", "-w", "\n%{http_code}", "-H", fmt::format("Content-Type: {}", type),
             "--data-binary", fmt::format("@{}", (folder_.path() / "body").string()), Url(path)});
    EXPECT_OK(output);
    if (!output.ok()) return {};
    const std::size_t end = output->rfind('\n');
    return {std::stoi(output->substr(end + 1)),
            json::parse(output->substr(0, end), nullptr, false)};
  }
  Answer SendBulk(const std::string& lines) {
    folder_.Write("body", lines);
    return Curl(kSendBulk, "application/x-ndjson");
  }

  // A stream of SendBulk with `count` items, one a line.
  static std::string Bulk(std::string_view request_id, int count, std::string_view members = "") {
    std::string lines = fmt::format(
        R"({{"header":{{"requestId":"{}","template":"templates/greeting","sharedContext":{{"word":"x"}}}}{}}})"
        "\n",
        request_id, members);
    for (int i = 0; i < count; ++i) {
      lines +=
          fmt::format(R"({{"items":[{{"target":{{"emailAddress":"{}-{}@students.example"}}}}]}})"
                      "\n",
                      request_id, i);
    }
    return lines;
  }
  // Whether the first item of such a stream was.
  static bool IsAccepted(std::string_view request_id) {
    dispatch::v1::ListMessagesRequest request;
    request.mutable_target()->set_email_address(fmt::format("{}-0@students.example", request_id));
    const auto messages = Call(suite().dispatch(), &Dispatch::ListMessages, request);
    EXPECT_OK(messages);
    return messages.ok() && messages->messages_size() > 0;
  }

  static inline std::unique_ptr<Gateway> gateway_;
  TemporaryFolder folder_;
};

TEST_F(JsonApiTest, CurlCallsAMethod) {
  ASSERT_OK_AND_ASSIGN(const std::string stats,
                       Run({"curl", "-sS", "--json", "{}",
                            Url("/lmsmail.dispatch.v1.DispatchService/GetQueueStats")}));
  EXPECT_EQ(json::parse(stats).at("lanes").at(0).at("lane"), "LANE_CRITICAL");
  ASSERT_OK_AND_ASSIGN(const std::string document, Run({"curl", "-sS", Url("/openapi.json")}));
  EXPECT_EQ(json::parse(document).at("openapi"), "3.1.0");
}

TEST_F(JsonApiTest, AnswersHaveTheHeadersThatKeepBrowsersSafe) {
  const RawResponse answer =
      gateway_->SendAdmin("GET /openapi.json HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n");
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.headers.Get("X-Content-Type-Options"), "nosniff");
  EXPECT_THAT(std::string(answer.headers.Get("Content-Security-Policy")),
              HasSubstr("default-src 'none'"));
}

TEST_F(JsonApiTest, OtherClientsCallTheServicesAndReadOpenApi) {
  ASSERT_OK_AND_ASSIGN(const std::string folder, InstallNodeClient("connect"));
  for (const char* client : {"calls", "openapi"}) {
    EXPECT_THAT(Run({"node", fmt::format("{}/{}.mjs", folder, client), Url(), LMSMAIL_DESCRIPTORS}),
                IsOkAndHolds(fmt::format("{}: ok\n", client)));
  }
}

TEST_F(JsonApiTest, SendsTenThousandLines) {
  const Answer answer = SendBulk(Bulk("ten-thousand", 10'000, R"(,"itemCount":"10000")"));
  EXPECT_EQ(answer.status, 200) << answer.body;
  EXPECT_EQ(answer.body.value("acceptedCount", ""), "10000");
  EXPECT_TRUE(IsAccepted("ten-thousand"));
  const Answer again = SendBulk(Bulk("ten-thousand", 10'000, R"(,"itemCount":"10000")"));
  EXPECT_EQ(again.body.value("duplicateCount", ""), "10000") << again.body;
}

TEST_F(JsonApiTest, ABadLineLeavesNothingBehind) {
  std::string lines = Bulk("bad-line", 10'000);
  std::size_t seventh = 0;
  for (int line = 1; line < 7; ++line) seventh = lines.find('\n', seventh) + 1;
  lines.insert(seventh, R"({"items":[{"target":{"emailAdress":"x@students.example"}}]})"
                        "\n");
  const Answer answer = SendBulk(lines);
  EXPECT_EQ(answer.status, 400);
  EXPECT_EQ(answer.body.at("code"), "invalid_argument");
  EXPECT_THAT(answer.body.at("message"), HasSubstr("line 7: items[0].target.emailAdress: "));
  EXPECT_FALSE(IsAccepted("bad-line"));
}

TEST_F(JsonApiTest, ATruncatedFileIsNotComplete) {
  const std::string lines = Bulk("cut-in-line", 100);
  const Answer in_line = SendBulk(lines.substr(0, lines.size() - 10));
  EXPECT_EQ(in_line.status, 400);
  EXPECT_THAT(in_line.body.at("message"), HasSubstr("line 101: "));
  EXPECT_FALSE(IsAccepted("cut-in-line"));

  std::string counted = Bulk("cut-after-line", 100, R"(,"itemCount":100)");
  counted.resize(counted.rfind('\n', counted.size() - 2) + 1);
  const Answer after_line = SendBulk(counted);
  EXPECT_EQ(after_line.status, 409) << after_line.body;
  EXPECT_EQ(after_line.body.at("code"), "aborted");
}

TEST_F(JsonApiTest, ACutConnectionLeavesNothingBehind) {
  const std::string request = PostRequest(kSendBulk, {{"Content-Type", "application/x-ndjson"}},
                                          Bulk("cut-connection", 100));
  RawClient client(gateway_->admin_port());
  client.Send(request.substr(0, request.rfind('\n', request.size() - 2) + 1));
  client.FinishSending();
  EXPECT_NE(client.Receive().status, 200);
  EXPECT_FALSE(IsAccepted("cut-connection"));
}

TEST_F(JsonApiTest, PagesOfOtherSitesAreRefused) {
  const auto post = [](const http_server::Headers& headers) {
    return gateway_->SendAdmin(PostRequest(kSend, headers, "{}")).status;
  };
  EXPECT_EQ(post({{"Content-Type", "application/json"}}), 400);
  EXPECT_EQ(post({{"Content-Type", "text/plain"}}), 415);
  EXPECT_EQ(post({{"Content-Type", "application/json"}, {"Origin", "http://evil.example"}}), 403);
  EXPECT_EQ(
      gateway_->SendAdmin("GET /openapi.json HTTP/1.1\r\nHost: rebound.evil.example:8081\r\n\r\n")
          .status,
      403);
}

TEST_F(JsonApiTest, HostileBodiesAreRefused) {
  const auto nested = [](int levels) {
    return R"({"context":{"a":)" + std::string(static_cast<std::size_t>(levels), '[') + "}}";
  };
  const std::string ten_megabytes(10 << 20, 'x');
  struct Case {
    std::string body;
    int status;
  };
  const Case cases[] = {
      {nested(100'000), 400},
      {R"({"requestId":")" + ten_megabytes + "\"}", 413},
      {R"({"requestId":")" + ten_megabytes.substr(0, 7 << 20) + "\"}", 429},  // the service's limit
      {R"({"context":{"a":NaN}})", 400},
      {R"({"requestId":"a","requestId":"b"})", 400},
      {"{\"requestId\":\"\xff\"}", 400},
      {R"({"requestId":{"a":1}})", 400},
      {R"({"lane":99999999999999999999999999})", 400},
      {R"({"sendTime":"0000-00-00T00:00:00Z"})", 400},
      {R"({"__proto__":{}})", 400},
      {R"({"@type":"type.googleapis.com/lmsmail.dispatch.v1.SendRequest"})", 400},
  };
  for (const Case& each : cases) {
    const RawResponse response =
        gateway_->SendAdmin(PostRequest(kSend, {{"Content-Type", "application/json"}}, each.body));
    EXPECT_EQ(response.status, each.status) << each.body.substr(0, 60) << " " << response.body;
  }
  EXPECT_EQ(
      gateway_->SendAdmin(PostRequest(kSend, {{"Content-Type", "application/proto"}}, "\xff\xff"))
          .status,
      400);
}

TEST_F(JsonApiTest, AServiceThatIsDownIsUnavailable) {
  const std::string request = PostRequest("/lmsmail.report.v1.ReportService/ListCourses",
                                          {{"Content-Type", "application/json"}}, "{}");
  ASSERT_OK(suite().Kill("report"));
  const RawResponse response = gateway_->SendAdmin(request);
  EXPECT_EQ(response.status, 503);
  EXPECT_EQ(json::parse(response.body).at("code"), "unavailable");
  ASSERT_OK(suite().Restart("report"));
  EXPECT_OK(WaitUntil("the gateway has connected again",
                      [&] { return gateway_->SendAdmin(request).status == 200; }));
}

}  // namespace
}  // namespace lmsmail::integration
