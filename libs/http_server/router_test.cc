#include "libs/http_server/router.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>

namespace lmsmail::http_server {
namespace {

class RecordingSink : public ResponseSink {
 public:
  void Send(Response sent) override { response = std::move(sent); }
  void Cut() override {}
  void SetRoute(std::string_view pattern) override { route = pattern; }

  Response response;
  std::string route;
};

class RouterTest : public ::testing::Test {
 protected:
  void Add(std::string method, std::string_view pattern, RouteOptions options = {}) {
    const std::string name = method + " " + std::string(pattern);
    router_.Add(
        std::move(method), pattern,
        [name](Request request, Responder responder) {
          std::string answer = name;
          for (const auto& [key, value] : request.parameters) answer += " " + key + "=" + value;
          responder.Send(Response::Text(200, answer));
        },
        options);
  }

  RecordingSink Call(std::string method, std::string path) {
    const auto sink = std::make_shared<RecordingSink>();
    Request request;
    request.method = std::move(method);
    request.path = std::move(path);
    const Admission admission = router_.admit()(request);
    router_.handler()(std::move(request), Responder(sink));
    EXPECT_EQ(admission.refusal.has_value(), sink->route.empty());
    if (admission.refusal) {
      EXPECT_EQ(admission.refusal->status, sink->response.status);
    }
    return *sink;
  }
  std::string BodyOf(std::string method, std::string path) {
    return Call(std::move(method), std::move(path)).response.body;
  }

  Router router_;
};

TEST_F(RouterTest, MatchesSegments) {
  Add("GET", "/");
  Add("GET", "/u/undo");
  Add("GET", "/u/{token}");
  Add("POST", "/u/{token}");
  Add("GET", "/v3/{domain}/messages");
  Add("GET", "/assets/{file...}");
  EXPECT_EQ(BodyOf("GET", "/"), "GET /");
  EXPECT_EQ(BodyOf("GET", "/u/undo"), "GET /u/undo");
  EXPECT_EQ(BodyOf("GET", "/u/a b"), "GET /u/{token} token=a b");
  EXPECT_EQ(BodyOf("POST", "/u/undo"), "POST /u/{token} token=undo");
  EXPECT_EQ(BodyOf("GET", "/v3/x.example/messages"), "GET /v3/{domain}/messages domain=x.example");
  EXPECT_EQ(BodyOf("GET", "/assets/a/b.css"), "GET /assets/{file...} file=a/b.css");
  EXPECT_EQ(Call("GET", "/u/secret").route, "/u/{token}");
  for (const char* path : {"/u", "/u/", "/u/a/", "/u/a/b", "/x", "/assets", "/assets/", "/U/a"}) {
    EXPECT_EQ(Call("GET", path).response.status, 404) << path;
  }
}

TEST_F(RouterTest, TellsTheMethodsOfAPath) {
  Add("GET", "/a");
  Add("POST", "/a");
  Add("POST", "/b");
  Add("OPTIONS", "/c");
  const RecordingSink refused = Call("DELETE", "/a");
  EXPECT_EQ(refused.response.status, 405);
  EXPECT_EQ(refused.response.headers.Get("Allow"), "GET, HEAD, OPTIONS, POST");
  EXPECT_EQ(Call("GET", "/b").response.headers.Get("Allow"), "OPTIONS, POST");
  EXPECT_EQ(Call("OPTIONS", "/a").response.status, 204);
  EXPECT_EQ(Call("OPTIONS", "/a").response.headers.Get("Allow"), "GET, HEAD, OPTIONS, POST");
  EXPECT_EQ(BodyOf("OPTIONS", "/c"), "OPTIONS /c");
  EXPECT_EQ(Call("get", "/a").response.status, 405);
}

TEST_F(RouterTest, AnswersHeadFromGet) {
  Add("POST", "/a");
  Add("GET", "/a");
  EXPECT_EQ(BodyOf("HEAD", "/a"), "GET /a");
  Add("HEAD", "/a");
  EXPECT_EQ(BodyOf("HEAD", "/a"), "HEAD /a");
  Add("POST", "/b");
  EXPECT_EQ(Call("HEAD", "/b").response.status, 405);
}

TEST_F(RouterTest, GivesEachRouteItsLimit) {
  Add("POST", "/a", {.body_bytes = 7});
  Add("POST", "/b");
  Request request;
  request.method = "POST";
  request.path = "/a";
  EXPECT_EQ(router_.admit()(request).body_bytes, 7);
  request.path = "/b";
  EXPECT_EQ(router_.admit()(request).body_bytes, std::nullopt);
}

}  // namespace
}  // namespace lmsmail::http_server
