#include "services/gateway/web/browser_guard.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "libs/http_server/router.h"

namespace lmsmail::gateway {
namespace {

using http_server::Header;
using http_server::Request;
using http_server::Response;
using ::testing::HasSubstr;

constexpr char kConsole[] = "https://console.school.example";

class Sink final : public http_server::ResponseSink {
 public:
  void Send(Response given) override { response = std::move(given); }
  void Cut() override {}
  void SetRoute(std::string_view) override {}
  Response response;
};

class BrowserGuardTest : public ::testing::Test {
 protected:
  BrowserGuardTest() {
    const auto answer = [](const Request&, http_server::Responder responder) {
      responder.Send(Response::Text(200, "done"));
    };
    router_.Add("POST", "/a.Service/Do", answer);
    router_.Add("GET", "/openapi.json", answer);
    router_.Add("GET", "/healthz", answer);
  }

  // What a request with these fields is answered.
  Response Send(std::string method, std::string path, std::vector<Header> fields) const {
    Request request;
    request.method = std::move(method);
    request.path = std::move(path);
    for (Header& field : fields) request.headers.Add(field.name, field.value);
    http_server::Admission admission = guard_.Guard(router_.admit())(request);
    if (admission.refusal) return *std::move(admission.refusal);
    auto sink = std::make_shared<Sink>();
    guard_.Guard(router_.handler())(std::move(request), http_server::Responder(sink));
    return sink->response;
  }
  int Post(std::vector<Header> fields) const {
    fields.insert(fields.begin(), {"Host", "127.0.0.1:8081"});
    return Send("POST", "/a.Service/Do", std::move(fields)).status;
  }

  http_server::Router router_;
  const BrowserGuard guard_{{.hosts = {"mail.school.example", "[fd00::1]"}, .origins = {kConsole}}};
};

TEST_F(BrowserGuardTest, AnswersToItsOwnNamesOnly) {
  for (const char* host :
       {"127.0.0.1:8081", "127.0.0.1", "localhost:8081", "LOCALHOST", "[::1]:8081", "[::1]",
        "127.1.2.3", "mail.school.example", "Mail.School.Example:443", "[fd00::1]:8081"}) {
    EXPECT_EQ(Send("GET", "/openapi.json", {{"Host", host}}).status, 200) << host;
  }
  for (const char* host :
       {"evil.example:8081", "127.0.0.1.evil.example", "localhost.evil.example", "evil.example",
        "10.0.0.1", "localhost.", "", "8081", "xmail.school.example", "mail.school.example.evil"}) {
    for (const char* path : {"/openapi.json", "/unknown"}) {
      const Response response = Send("GET", path, {{"Host", host}});
      EXPECT_EQ(response.status, 403) << host;
      EXPECT_THAT(response.body, HasSubstr("admin.hosts"));
    }
    EXPECT_EQ(Send("POST", "/a.Service/Do", {{"Host", host}}).status, 403) << host;
    EXPECT_EQ(Send("OPTIONS", "/a.Service/Do", {{"Host", host}, {"Origin", kConsole}}).status, 403);
  }
  EXPECT_EQ(Send("GET", "/openapi.json", {}).status, 403);
}

TEST_F(BrowserGuardTest, AProbeMayNameAnyHost) {
  EXPECT_EQ(Send("GET", "/healthz", {{"Host", "10.1.2.3:8081"}}).status, 200);
}

TEST_F(BrowserGuardTest, ProgramsAndOwnPagesMayChangeThings) {
  EXPECT_EQ(Post({}), 200);
  EXPECT_EQ(Post({{"Origin", "http://127.0.0.1:8081"}}), 200);
  EXPECT_EQ(Post({{"Origin", "http://127.0.0.1:8081"}, {"Sec-Fetch-Site", "same-origin"}}), 200);
  EXPECT_EQ(Post({{"Sec-Fetch-Site", "none"}}), 200);
}

TEST_F(BrowserGuardTest, PagesOfOtherOriginsMayNot) {
  for (const char* origin :
       {"http://evil.example", "null", "", "http://127.0.0.1", "http://127.0.0.1:3000",
        "http://localhost:8081", "ftp://127.0.0.1:8081", "http://127.0.0.1:8081.evil.example",
        "http://127.0.0.1:8081, http://evil.example"}) {
    EXPECT_EQ(Post({{"Origin", origin}}), 403) << origin;
  }
  for (const char* site : {"cross-site", "same-site", "x", "none, cross-site"}) {
    EXPECT_EQ(Post({{"Sec-Fetch-Site", site}}), 403) << site;
  }
  EXPECT_EQ(Post({{"Origin", "http://127.0.0.1:8081"}, {"Origin", "http://evil.example"}}), 403);
  // Reading changes nothing, and the browser keeps the answer from the page.
  const Response read =
      Send("GET", "/openapi.json", {{"Host", "localhost"}, {"Origin", "http://evil.example"}});
  EXPECT_EQ(read.status, 200);
  EXPECT_FALSE(read.headers.Has("Access-Control-Allow-Origin"));
  const Response preflight = Send("OPTIONS", "/a.Service/Do",
                                  {{"Host", "localhost"},
                                   {"Origin", "http://evil.example"},
                                   {"Access-Control-Request-Method", "POST"}});
  EXPECT_FALSE(preflight.headers.Has("Access-Control-Allow-Origin"));
}

TEST_F(BrowserGuardTest, PagesOfAnAllowedOriginMay) {
  const std::vector<Header> fields = {
      {"Host", "localhost:8081"}, {"Origin", kConsole}, {"Sec-Fetch-Site", "cross-site"}};
  const Response preflight = Send("OPTIONS", "/a.Service/Do", fields);
  EXPECT_EQ(preflight.status, 204);
  EXPECT_EQ(preflight.headers.Get("Access-Control-Allow-Origin"), kConsole);
  EXPECT_THAT(std::string(preflight.headers.Get("Access-Control-Allow-Headers")),
              HasSubstr("Connect-Protocol-Version"));
  for (const auto& [method, path] :
       {std::pair{"POST", "/a.Service/Do"}, std::pair{"GET", "/openapi.json"}}) {
    const Response response = Send(method, path, fields);
    EXPECT_EQ(response.status, 200);
    EXPECT_EQ(response.headers.Get("Access-Control-Allow-Origin"), kConsole);
    EXPECT_EQ(response.headers.Get("Vary"), "Origin");
  }
  // So that the page can read what is wrong.
  EXPECT_EQ(Send("GET", "/unknown", fields).headers.Get("Access-Control-Allow-Origin"), kConsole);
}

TEST(IsOriginTest, KnowsOriginsAsBrowsersWriteThem) {
  for (const char* origin :
       {"https://console.school.example", "http://localhost:3000", "http://[::1]:3000"}) {
    EXPECT_TRUE(IsOrigin(origin)) << origin;
  }
  for (const char* other : {"", "*", "null", "localhost:3000", "https://", "https://x.example/",
                            "https://X.example", "https://*.example", "https://a@b.example"}) {
    EXPECT_FALSE(IsOrigin(other)) << other;
  }
}

}  // namespace
}  // namespace lmsmail::gateway
