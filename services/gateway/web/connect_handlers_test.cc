#include "services/gateway/web/connect_handlers.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/clock.h"

#include "libs/http_server/server.h"
#include "libs/http_server/testing/raw_client.h"
#include "libs/testing/status_matchers.h"
#include "services/gateway/testing/sample.pb.h"
#include "services/gateway/web/connect_routes.h"

namespace lmsmail::gateway {
namespace {

using http_server::Headers;
using http_server::testing::PostRequest;
using http_server::testing::RawClient;
using http_server::testing::RawResponse;
using nlohmann::json;
using ::testing::ElementsAre;
using testing::GetSampleRequest;
using ::testing::HasSubstr;
using testing::Sample;
using ::testing::SizeIs;

constexpr char kService[] = "lmsmail.gateway.testing.SampleService";
constexpr char kOther[] = "lmsmail.gateway.testing.OtherService";
constexpr char kGet[] = "/lmsmail.gateway.testing.SampleService/Get";
constexpr char kCollect[] = "/lmsmail.gateway.testing.SampleService/Collect";
const Headers kJson = {{"Content-Type", "application/json"}};
const Headers kLines = {{"Content-Type", "application/x-ndjson"}};

// Answers at once with `result`, or keeps calls open.
class FakeUpstream final : public Upstream {
 public:
  void Call(const Method& method, OutgoingCall call, Done done) override {
    absl::MutexLock lock(&mutex_);
    last_method_ = &method;
    last_call_ = std::move(call);
    ++count_;
    if (keep_open_) {
      open_.push_back(std::move(done));
    } else {
      done(result_);
    }
  }

  void SetResult(CallResult result) {
    absl::MutexLock lock(&mutex_);
    result_ = std::move(result);
  }
  void KeepOpen() {
    absl::MutexLock lock(&mutex_);
    keep_open_ = true;
  }
  void WaitForCalls(int count) {
    absl::MutexLock lock(&mutex_);
    const auto reached = [&]() ABSL_SHARED_LOCKS_REQUIRED(mutex_) { return count_ >= count; };
    mutex_.Await(absl::Condition(&reached));
  }
  void Release() {
    std::vector<Done> open;
    {
      absl::MutexLock lock(&mutex_);
      keep_open_ = false;
      open.swap(open_);
    }
    for (Done& done : open) done(CallResult());
  }
  int count() const {
    absl::MutexLock lock(&mutex_);
    return count_;
  }
  OutgoingCall last_call() const {
    absl::MutexLock lock(&mutex_);
    return last_call_;
  }

 private:
  mutable absl::Mutex mutex_;
  CallResult result_ ABSL_GUARDED_BY(mutex_);
  bool keep_open_ ABSL_GUARDED_BY(mutex_) = false;
  std::vector<Done> open_ ABSL_GUARDED_BY(mutex_);
  int count_ ABSL_GUARDED_BY(mutex_) = 0;
  const Method* last_method_ ABSL_GUARDED_BY(mutex_) = nullptr;
  OutgoingCall last_call_ ABSL_GUARDED_BY(mutex_);
};

// A client of the routes over a real connection.
class ConnectHandlersTest : public ::testing::Test {
 protected:
  ConnectHandlersTest() {
    AddConnectRoutes(handlers_, 1 << 20, router_);
    http_server::Options options;
    options.admit = router_.admit();
    server_ = http_server::Server::Start(std::move(options), router_.handler()).value();
  }
  ~ConnectHandlersTest() override {
    upstream_.Release();
    server_.reset();
    executor_.Stop();
  }

  RawResponse Send(const std::string& octets) const {
    return RawClient(server_->port()).Exchange(octets);
  }
  RawResponse Post(std::string_view path, Headers headers, std::string_view body) const {
    return Send(PostRequest(path, headers, body));
  }
  static std::string CodeIn(const RawResponse& response) {
    EXPECT_EQ(response.headers.Get("Content-Type"), "application/json");
    return json::parse(response.body).at("code");
  }
  GetSampleRequest LastRequest() const {
    GetSampleRequest request;
    EXPECT_TRUE(request.ParseFromString(upstream_.last_call().requests.at(0)));
    return request;
  }

  const MethodCatalog catalog_ = MethodCatalog::Create({kService, kOther}).value();
  FakeUpstream upstream_;
  rpc::Executor executor_{{.threads = 1, .queue = 4}};
  ConnectHandlers handlers_{
      catalog_, upstream_, executor_, executor_, {.max_calls = 2, .max_stream_bytes = 1 << 20}};
  http_server::Router router_;
  std::unique_ptr<http_server::Server> server_;
};

TEST_F(ConnectHandlersTest, CallsWithJson) {
  Sample sample;
  sample.set_big_count(5);
  upstream_.SetResult({.response = sample.SerializeAsString()});
  const RawResponse response =
      Post(kGet, {{"Content-Type", "application/json; charset=utf-8"}, {"X-Request-Id", "my-id"}},
           R"({"name":"a"})");
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(response.headers.Get("Content-Type"), "application/json");
  EXPECT_EQ(response.headers.Get("Trailer-X-Request-Id"), "my-id");
  EXPECT_EQ(response.body, R"({"bigCount":"5"})");
  EXPECT_EQ(LastRequest().name(), "a");
  EXPECT_EQ(upstream_.last_call().request_id, "my-id");
}

TEST_F(ConnectHandlersTest, CallsWithBinary) {
  upstream_.SetResult({.response = "\x18\x07"});
  GetSampleRequest request;
  request.set_number(7);
  const RawResponse response =
      Post(kGet, {{"Content-Type", "application/proto"}}, request.SerializeAsString());
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(response.headers.Get("Content-Type"), "application/proto");
  EXPECT_EQ(response.body, "\x18\x07");
  EXPECT_EQ(LastRequest().number(), 7);
  EXPECT_EQ(Post(kGet, {{"Content-Type", "application/proto"}}, "").status, 200);
}

TEST_F(ConnectHandlersTest, SendsLinesAsAStream) {
  const RawResponse response = Post(kCollect, kLines, "{\"count\":1}\n{\"count\":2}\n");
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(response.body, "{}");
  EXPECT_THAT(upstream_.last_call().requests, ElementsAre("\x18\x01", "\x18\x02"));
}

TEST_F(ConnectHandlersTest, AStreamWithABadLineHasNoEffect) {
  std::string body;
  for (int i = 1; i <= 10'000; ++i) body += i == 7 ? "{\"count\":}\n" : "{}\n";
  const RawResponse response = Post(kCollect, kLines, body);
  EXPECT_EQ(response.status, 400);
  EXPECT_EQ(CodeIn(response), "invalid_argument");
  EXPECT_THAT(response.body, HasSubstr("line 7: "));
  EXPECT_EQ(upstream_.count(), 0);
}

TEST_F(ConnectHandlersTest, ACutBodyHasNoEffect) {
  {
    RawClient client(server_->port());
    client.Send(
        fmt::format("POST {} HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-ndjson\r\n"
                    "Transfer-Encoding: chunked\r\n\r\n3\r\n{{}}\n\r\n",
                    kCollect));
    client.FinishSending();
    EXPECT_NE(client.Receive().status, 200);
  }
  {
    RawClient client(server_->port());
    client.Send(
        fmt::format("POST {} HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-ndjson\r\n"
                    "Content-Length: 9\r\n\r\n{{}}\n{{}}\n",
                    kCollect));
    client.FinishSending();
    EXPECT_NE(client.Receive().status, 200);
  }
  EXPECT_EQ(upstream_.count(), 0);
}

TEST_F(ConnectHandlersTest, RefusesOtherContentTypes) {
  for (const auto& [path, type, accepted] :
       {std::tuple{kGet, "text/plain", "application/json, application/proto"},
        std::tuple{kGet, "application/x-ndjson", "application/json, application/proto"},
        std::tuple{kGet, "application/connect+json", "application/json, application/proto"},
        std::tuple{kCollect, "application/json", "application/x-ndjson"}}) {
    const RawResponse response = Post(path, {{"Content-Type", type}}, "{}");
    EXPECT_EQ(response.status, 415) << type;
    EXPECT_EQ(response.headers.Get("Accept-Post"), accepted);
    EXPECT_THAT(json::parse(response.body).at("message"), HasSubstr(accepted));
  }
  EXPECT_EQ(Post(kGet, {}, "{}").status, 415);
  EXPECT_EQ(upstream_.count(), 0);
}

TEST_F(ConnectHandlersTest, RefusesOtherMethodsAndPaths) {
  EXPECT_EQ(Send(fmt::format("GET {} HTTP/1.1\r\nHost: x\r\n\r\n", kGet)).status, 405);
  EXPECT_EQ(Send(fmt::format("PUT {} HTTP/1.1\r\nHost: x\r\n\r\n", kGet)).status, 405);
  for (const char* path :
       {"/lmsmail.gateway.testing.SampleService/Nope", "/lmsmail.gateway.testing.SampleService/get",
        "/lmsmail.gateway.testing.SampleService/Get/", "/lmsmail.gateway.testing.SampleService",
        "/lmsmail.gateway.testing.SampleService/", "/lmsmail.gateway.testing.Nope/Get", "/Get",
        "/x/lmsmail.gateway.testing.SampleService/Get"}) {
    EXPECT_EQ(Post(path, kJson, "{}").status, 404) << path;
  }
  for (const char* path : {"//lmsmail.gateway.testing.SampleService/Get",
                           "/lmsmail.gateway.testing.SampleService%2fGet",
                           "/x/../lmsmail.gateway.testing.SampleService/Get"}) {
    EXPECT_EQ(Post(path, kJson, "{}").status, 400) << path;
  }
  const RawResponse unknown = Post("/lmsmail.gateway.testing.SampleService/Nope", kJson, "{}");
  EXPECT_EQ(CodeIn(unknown), "unimplemented");
  EXPECT_THAT(unknown.body, HasSubstr("SampleService/Nope"));
  EXPECT_EQ(upstream_.count(), 0);
}

TEST_F(ConnectHandlersTest, NamesTheFieldThatIsWrong) {
  const RawResponse response =
      Post(kGet, {{"Content-Type", "application/json"}, {"X-Request-Id", "my-id"}},
           R"({"sample":{"nope":1}})");
  EXPECT_EQ(response.status, 400);
  EXPECT_EQ(CodeIn(response), "invalid_argument");
  EXPECT_EQ(response.headers.Get("Trailer-X-Request-Id"), "my-id");
  const json details = json::parse(response.body).at("details");
  ASSERT_THAT(details, SizeIs(2));
  EXPECT_EQ(details[0].at("type"), "google.rpc.ErrorInfo");
  EXPECT_EQ(details[0].at("debug").at("domain"), "gateway.lmsmail");
  EXPECT_EQ(details[1].at("type"), "google.rpc.BadRequest");
  EXPECT_EQ(details[1].at("debug").at("fieldViolations")[0].at("field"), "sample.nope");
}

TEST_F(ConnectHandlersTest, ReturnsTheErrorOfTheService) {
  CallResult result;
  result.status.set_code(5);
  result.status.set_message("no sample");
  upstream_.SetResult(std::move(result));
  for (const Headers& headers : {kJson, Headers{{"Content-Type", "application/proto"}}}) {
    const RawResponse response =
        Post(kGet, headers, headers.begin()->value == "application/proto" ? "" : "{}");
    EXPECT_EQ(response.status, 404);
    EXPECT_EQ(json::parse(response.body),
              json::parse(R"({"code":"not_found","message":"no sample"})"));
    EXPECT_EQ(CodeIn(response), "not_found");
  }
}

TEST_F(ConnectHandlersTest, HidesAnswersThatItCannotRead) {
  upstream_.SetResult({.response = "\xff\xff"});
  const RawResponse response = Post(kGet, kJson, "{}");
  EXPECT_EQ(response.status, 500);
  EXPECT_EQ(json::parse(response.body).at("message"), "internal error");
}

TEST_F(ConnectHandlersTest, TakesTheShorterOfBothTimeouts) {
  const auto time_left = [&](const char* milliseconds) {
    Post(kGet, {{"Content-Type", "application/json"}, {"Connect-Timeout-Ms", milliseconds}}, "{}");
    return upstream_.last_call().deadline - absl::Now();
  };
  EXPECT_LE(time_left("1000"), absl::Seconds(1));
  EXPECT_GT(time_left("1000"), absl::ZeroDuration());
  EXPECT_LE(time_left("9999999999"), absl::Seconds(30));
  EXPECT_GT(time_left("9999999999"), absl::Seconds(10));
  const int before = upstream_.count();
  EXPECT_EQ(CodeIn(Post(kGet, {{"Content-Type", "application/json"}, {"Connect-Timeout-Ms", "1s"}},
                        "{}")),
            "invalid_argument");
  EXPECT_EQ(upstream_.count(), before);
}

TEST_F(ConnectHandlersTest, RefusesCompressedBodies) {
  const RawResponse response =
      Post(kGet, {{"Content-Type", "application/json"}, {"Content-Encoding", "gzip"}}, "{}");
  EXPECT_EQ(response.status, 501);
  EXPECT_EQ(CodeIn(response), "unimplemented");
  EXPECT_THAT(response.body, HasSubstr("identity"));
}

TEST_F(ConnectHandlersTest, BoundsTheCallsOfAServiceAtATime) {
  upstream_.KeepOpen();
  RawClient first(server_->port());
  RawClient second(server_->port());
  first.Send(PostRequest(kGet, kJson, "{}"));
  second.Send(PostRequest(kGet, kJson, "{}"));
  upstream_.WaitForCalls(2);
  const RawResponse refused = Post(kGet, kJson, "{}");
  EXPECT_EQ(refused.status, 503);
  EXPECT_EQ(CodeIn(refused), "unavailable");
  // Another service can be called all the same.
  RawClient other(server_->port());
  other.Send(PostRequest("/lmsmail.gateway.testing.OtherService/Get", kJson, "{}"));
  upstream_.WaitForCalls(3);
  upstream_.Release();
  EXPECT_EQ(first.Receive().status, 200);
  EXPECT_EQ(second.Receive().status, 200);
  EXPECT_EQ(other.Receive().status, 200);
  EXPECT_EQ(Post(kGet, kJson, "{}").status, 200);
}

TEST_F(ConnectHandlersTest, RefusesLargeBodies) {
  const std::string large(9 << 20, ' ');
  EXPECT_EQ(Post(kGet, kJson, large).status, 413);
  EXPECT_EQ(Post(kCollect, kLines, std::string((1 << 20) + 1, '\n')).status, 413);
}

}  // namespace
}  // namespace lmsmail::gateway
