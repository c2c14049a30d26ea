#include "libs/http_client/client.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <future>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "libs/http_client/testing/scripted_server.h"
#include "libs/testing/status_matchers.h"

namespace lmsmail::http_client {
namespace {

using testing::Answer;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::Not;
using testing::ScriptedServer;
using ::testing::SizeIs;
using ::testing::StartsWith;
using Kind = Result::Kind;

constexpr char kAccepted[] = "HTTP/1.1 202 Accepted\r\nX-Id: 7\r\nContent-Length: 2\r\n\r\nok";

class ClientTest : public ::testing::Test {
 protected:
  void Start(std::vector<Answer> answers, const Options& options = {.max_connections = 1}) {
    server_ = std::make_unique<ScriptedServer>(std::move(answers));
    ASSERT_OK_AND_ASSIGN(client_, Client::Create(options));
  }
  std::future<Result> Begin(std::string body = "hello",
                            absl::Duration timeout = absl::Seconds(20)) {
    auto result = std::make_shared<std::promise<Result>>();
    client_->Send({.url = server_->url() + "/v3/mail/send",
                   .headers = {{"Authorization", "Bearer key"}},
                   .body = std::move(body),
                   .timeout = timeout},
                  [result](Result it) { result->set_value(std::move(it)); });
    return result->get_future();
  }
  Result Send(std::string body = "hello", absl::Duration timeout = absl::Seconds(20)) {
    return Begin(std::move(body), timeout).get();
  }

  std::unique_ptr<ScriptedServer> server_;
  std::unique_ptr<Client> client_;
};

TEST_F(ClientTest, SendsTheRequestAndReturnsTheResponse) {
  Start({{.bytes = kAccepted}});
  const Result result = Send();
  ASSERT_EQ(result.kind, Kind::kAnswered) << result.error;
  EXPECT_EQ(result.response.status, 202);
  EXPECT_EQ(result.response.body, "ok");
  EXPECT_EQ(result.response.Header("x-ID"), "7");
  EXPECT_EQ(result.response.Header("x-none"), std::nullopt);
  ASSERT_THAT(server_->requests(), SizeIs(1));
  const std::string request = server_->requests()[0];
  EXPECT_THAT(request, StartsWith("POST /v3/mail/send HTTP/1.1\r\n"));
  EXPECT_THAT(request, HasSubstr("\r\nAuthorization: Bearer key\r\n"));
  EXPECT_THAT(request, HasSubstr("\r\nContent-Length: 5\r\n"));
  EXPECT_THAT(request, Not(HasSubstr("Expect")));
  EXPECT_THAT(request, EndsWith("\r\n\r\nhello"));
}

TEST_F(ClientTest, KeepsTheConnection) {
  Start({{}, {}, {}});
  for (int i = 0; i < 3; ++i) EXPECT_EQ(Send().kind, Kind::kAnswered);
  EXPECT_EQ(server_->connections(), 1);
}

TEST_F(ClientTest, GetsWithoutABody) {
  Start({{.bytes = kAccepted}});
  std::promise<Result> got;
  client_->Send({.method = "GET", .url = server_->url() + "/v3/scopes"},
                [&](Result it) { got.set_value(std::move(it)); });
  EXPECT_EQ(got.get_future().get().response.status, 202);
  EXPECT_THAT(server_->requests()[0], StartsWith("GET /v3/scopes HTTP/1.1\r\n"));
}

// Otherwise libcurl waits for the body that the Content-Length of the answer tells of.
TEST_F(ClientTest, AnAnswerToHeadHasNoBody) {
  Start({{.bytes = "HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n"}});
  std::promise<Result> got;
  client_->Send({.method = "HEAD", .url = server_->url() + "/u/token"},
                [&](Result it) { got.set_value(std::move(it)); });
  const Result result = got.get_future().get();
  EXPECT_EQ(result.kind, Kind::kAnswered) << result.error;
  EXPECT_EQ(result.response.status, 200);
  EXPECT_THAT(server_->requests()[0], StartsWith("HEAD /u/token HTTP/1.1\r\n"));
}

// libcurl would send the request again over a new connection.
TEST_F(ClientTest, NeverRepeatsARequestWhoseAnswerWasLost) {
  Start({{}, {.bytes = "", .close = true}, {}});
  EXPECT_EQ(Send().kind, Kind::kAnswered);
  EXPECT_EQ(Send().kind, Kind::kUnanswered);
  EXPECT_THAT(server_->requests(), SizeIs(2));
  EXPECT_EQ(Send().kind, Kind::kAnswered);
}

TEST_F(ClientTest, AnswerThatIsCutIsNoAnswer) {
  for (const char* bytes :
       {"", "HTTP/1.1 202 Acc", "HTTP/1.1 202 Accepted\r\nContent-Length: 9\r\n",
        "HTTP/1.1 202 Accepted\r\nContent-Length: 9\r\n\r\nhalf"}) {
    Start({{.bytes = bytes, .close = true}});
    EXPECT_EQ(Send().kind, Kind::kUnanswered) << bytes;
  }
}

TEST_F(ClientTest, ARequestThatIsCutIsNotSent) {
  Start({{.read = Answer::Read::kHead, .bytes = "", .close = true}});
  EXPECT_EQ(Send(std::string(64 << 20, 'x')).kind, Kind::kNotSent);
}

TEST_F(ClientTest, AnAnswerBeforeTheBodyWasReadCounts) {
  Start({{.read = Answer::Read::kHead,
          .bytes = "HTTP/1.1 401 Unauthorized\r\nConnection: close\r\nContent-Length: 0\r\n\r\n",
          .close = true}});
  const Result result = Send("hello");
  ASSERT_EQ(result.kind, Kind::kAnswered) << result.error;
  EXPECT_EQ(result.response.status, 401);
}

TEST_F(ClientTest, NothingIsSentWithoutAServer) {
  Start({});
  const std::string url = server_->url();
  server_.reset();
  std::promise<Result> got;
  client_->Send({.url = url, .body = "hello"}, [&](Result it) { got.set_value(std::move(it)); });
  const Result result = got.get_future().get();
  EXPECT_EQ(result.kind, Kind::kNotSent);
  EXPECT_THAT(result.error, HasSubstr("onnect"));
}

TEST_F(ClientTest, ASilentServerIsGivenUp) {
  Start({{.hang = true}});
  EXPECT_EQ(Send("hello", absl::Milliseconds(200)).kind, Kind::kUnanswered);
}

TEST_F(ClientTest, CapsTheResponse) {
  Start({{.bytes = "HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n" + std::string(100000, 'x')}},
        {.max_connections = 1, .max_response_bytes = 50'000});
  EXPECT_EQ(Send().kind, Kind::kUnanswered);
}

TEST_F(ClientTest, FollowsNoRedirect) {
  Start({{.bytes = "HTTP/1.1 307 Temporary Redirect\r\nLocation: /elsewhere\r\n"
                   "Content-Length: 0\r\n\r\n"},
         {}});
  EXPECT_EQ(Send().response.status, 307);
  EXPECT_THAT(server_->requests(), SizeIs(1));
}

TEST_F(ClientTest, ReturnsTheFinalResponseAndItsHeadersOnly) {
  Start({{.bytes = "HTTP/1.1 103 Early Hints\r\nX-Id: early\r\n\r\n" + std::string(kAccepted)}});
  const Result result = Send();
  EXPECT_EQ(result.response.status, 202);
  EXPECT_EQ(result.response.Header("X-Id"), "7");
}

TEST_F(ClientTest, ShutdownEndsWhatIsInFlight) {
  Start({{.hang = true}});
  std::future<Result> pending = Begin();
  while (server_->requests().empty()) std::this_thread::yield();
  client_->Shutdown(absl::ZeroDuration());
  EXPECT_EQ(pending.get().kind, Kind::kUnanswered);
  EXPECT_EQ(Send().kind, Kind::kCancelled);
}

TEST_F(ClientTest, ShutdownWaitsForAnswers) {
  Start({{.bytes = kAccepted}});
  std::future<Result> pending = Begin();
  client_->Shutdown(absl::Seconds(20));
  EXPECT_EQ(pending.get().kind, Kind::kAnswered);
}

}  // namespace
}  // namespace lmsmail::http_client
