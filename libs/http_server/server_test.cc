#include "libs/http_server/server.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/synchronization/mutex.h"
#include "absl/synchronization/notification.h"

#include "libs/http_server/testing/raw_client.h"
#include "libs/testing/status_matchers.h"

namespace lmsmail::http_server {
namespace {

using ::testing::HasSubstr;
using testing::PostRequest;
using testing::RawClient;
using testing::RawResponse;

constexpr std::string_view kGet = "GET / HTTP/1.1\r\nHost: x\r\n\r\n";

void Echo(Request request, Responder responder) {
  responder.Send(Response::Text(200, std::move(request.body)));
}

std::unique_ptr<Server> StartOrDie(Options options, Handler handler) {
  auto server = Server::Start(std::move(options), std::move(handler));
  EXPECT_OK(server);
  return *std::move(server);
}

TEST(ServerTest, AddsFieldsToEveryResponse) {
  Options options;
  options.headers = {{"X-Frame", "none"}, {"X-Kind", "default"}};
  const auto server = StartOrDie(options, [](Request request, Responder responder) {
    if (request.path == "/split") {
      responder.Send(Response{.headers = {{"X-A", "b\r\nc"}}});
    } else {
      responder.Send(Response{.headers = {{"x-kind", "own"}}});
    }
  });
  RawClient client(server->port());
  const RawResponse own = client.Exchange(kGet);
  EXPECT_EQ(own.headers.Get("X-Frame"), "none");
  EXPECT_EQ(own.headers.Joined("X-Kind"), "own");
  const RawResponse replaced = client.Exchange("GET /split HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_EQ(replaced.status, 500);
  EXPECT_EQ(replaced.headers.Joined("X-Kind"), "default");
  const RawResponse refused = client.Exchange("nonsense\r\n\r\n");
  EXPECT_EQ(refused.status, 400);
  EXPECT_EQ(refused.headers.Get("X-Frame"), "none");
}

TEST(ServerTest, PassesTheRequestOn) {
  absl::Mutex mutex;
  Request seen;
  const auto server = StartOrDie({}, [&](Request request, Responder responder) {
    absl::MutexLock lock(&mutex);
    seen = std::move(request);
    responder.Send(Response{.status = 201, .headers = {{"X-A", "b"}}, .body = "made"});
  });
  RawClient client(server->port());
  const RawResponse response =
      client.Exchange(PostRequest("/a%20b/?c=%41", {{"X-Thing", "1"}, {"x-thing", "2"}}, "body"));
  EXPECT_EQ(response.status, 201);
  EXPECT_EQ(response.body, "made");
  EXPECT_EQ(response.headers.Get("x-a"), "b");
  EXPECT_FALSE(response.headers.Has("Connection"));

  absl::MutexLock lock(&mutex);
  EXPECT_EQ(seen.method, "POST");
  EXPECT_EQ(seen.target, "/a%20b/?c=%41");
  EXPECT_EQ(seen.path, "/a b/");
  EXPECT_EQ(seen.query, "c=%41");
  EXPECT_EQ(seen.headers.Get("X-THING"), "1");
  EXPECT_EQ(seen.headers.Joined("X-Thing"), "1, 2");
  EXPECT_EQ(seen.body, "body");
  EXPECT_EQ(seen.client_address, "127.0.0.1");
}

TEST(ServerTest, BelievesTrustedProxiesOnly) {
  const Handler tell_address = [](Request request, Responder responder) {
    responder.Send(Response::Text(200, request.client_address));
  };
  const std::string request =
      "GET / HTTP/1.1\r\nHost: x\r\nX-Forwarded-For: 192.0.2.7\r\n"
      "X-Forwarded-For: 198.51.100.9\r\n\r\n";
  const auto direct = StartOrDie({}, tell_address);
  EXPECT_EQ(RawClient(direct->port()).Exchange(request).body, "127.0.0.1");
  const auto proxied = StartOrDie({.trusted_proxies = {"127.0.0.0/8"}}, tell_address);
  EXPECT_EQ(RawClient(proxied->port()).Exchange(request).body, "198.51.100.9");
}

TEST(ServerTest, AnswersFromAnotherThread) {
  std::vector<std::thread> threads;
  absl::Mutex mutex;
  const auto server = StartOrDie({.threads = 2}, [&](Request request, Responder responder) {
    absl::MutexLock lock(&mutex);
    threads.emplace_back(
        [request = std::move(request), responder = std::move(responder)]() mutable {
          responder.Send(Response::Text(200, request.path));
        });
  });
  std::vector<std::unique_ptr<RawClient>> clients;
  for (int i = 0; i < 8; ++i) clients.push_back(std::make_unique<RawClient>(server->port()));
  for (int round = 0; round < 20; ++round) {
    for (auto& client : clients) client->Send("GET /path HTTP/1.1\r\nHost: x\r\n\r\n");
    for (auto& client : clients) EXPECT_EQ(client->Receive().body, "/path");
  }
  absl::MutexLock lock(&mutex);
  for (std::thread& thread : threads) thread.join();
}

TEST(ServerTest, SurvivesBadHandlers) {
  const auto server = StartOrDie({}, [](Request request, Responder responder) {
    if (request.path == "/throw") throw std::runtime_error("secret");
    if (request.path == "/drop") return;
    if (request.path == "/cut") return responder.Cut();
    if (request.path == "/split") {
      return responder.Send({.headers = {{"A", "b\r\nSet-Cookie: c"}}});
    }
    if (request.path == "/name") return responder.Send({.headers = {{"A b", "c"}}});
    if (request.path == "/status") return responder.Send({.status = 99});
    responder.Send({.headers = {{"Content-Length", "99"}, {"connection", "x"}}, .body = "ok"});
  });
  const auto get = [&](std::string_view path) {
    RawClient client(server->port());
    return client.Exchange("GET " + std::string(path) + " HTTP/1.1\r\nHost: x\r\n\r\n");
  };
  for (const std::string_view path : {"/throw", "/drop", "/split", "/name", "/status"}) {
    EXPECT_EQ(get(path).status, 500) << path;
    EXPECT_EQ(get(path).body, "Internal Server Error\n") << path;
  }
  EXPECT_EQ(get("/cut").status, 0);
  EXPECT_EQ(get("/").body, "ok");
  EXPECT_EQ(get("/").headers.Count("Content-Length"), 1);
  EXPECT_EQ(get("/").headers.Count("Connection"), 0);
}

TEST(ServerTest, SendsNoBodyWhereNoneBelongs) {
  const auto server = StartOrDie({}, [](Request request, Responder responder) {
    responder.Send(Response::Text(request.path == "/204" ? 204 : 200, "body"));
  });
  RawClient client(server->port());
  client.Send("HEAD / HTTP/1.1\r\nHost: x\r\n\r\nGET /204 HTTP/1.1\r\nHost: x\r\n\r\n");
  const RawResponse head = client.Receive(/*head=*/true);
  EXPECT_EQ(head.status, 200);
  EXPECT_EQ(head.headers.Get("Content-Length"), "4");
  const RawResponse no_content = client.Receive();
  EXPECT_EQ(no_content.status, 204);
  EXPECT_FALSE(no_content.headers.Has("Content-Length"));
  EXPECT_EQ(client.Exchange(kGet).body, "body");
}

TEST(ServerTest, ClosesWhenTheClientAsksAndAfterManyRequests) {
  const auto server = StartOrDie({.limits = {.requests_per_connection = 2}}, Echo);
  RawClient client(server->port());
  EXPECT_FALSE(client.Exchange(kGet).headers.Has("Connection"));
  EXPECT_EQ(client.Exchange(kGet).headers.Get("Connection"), "close");
  EXPECT_TRUE(client.IsClosed());

  RawClient old(server->port());
  EXPECT_EQ(old.Exchange("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n").status, 200);
  EXPECT_TRUE(old.IsClosed());
}

TEST(ServerTest, ContinuesWhenExpected) {
  const auto server = StartOrDie({.limits = {.body_bytes = 10}}, Echo);
  RawClient client(server->port());
  client.Send("POST / HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n");
  EXPECT_EQ(client.Receive().status, 100);
  EXPECT_EQ(client.Exchange("abc").body, "abc");
  client.Send("POST / HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 11\r\n\r\n");
  EXPECT_EQ(client.Receive().status, 413);
}

TEST(ServerTest, AdmitsBeforeTheBody) {
  Options options;
  options.admit = [](const Request& request) -> Admission {
    if (request.path == "/refuse") return {.refusal = Response::Text(401, "who?")};
    if (request.path == "/cut") return {.cut = true};
    if (request.path == "/throw") throw std::runtime_error("secret");
    if (request.path == "/large") return {.body_bytes = 2'000'000};
    return {};
  };
  const auto server = StartOrDie(std::move(options), Echo);
  const std::string large(1'500'000, 'x');
  const auto post = [&](std::string_view path) {
    RawClient client(server->port());
    return client.Exchange(PostRequest(path, {}, large));
  };
  EXPECT_EQ(post("/refuse").status, 401);
  EXPECT_EQ(post("/cut").status, 0);
  EXPECT_EQ(post("/throw").status, 500);
  EXPECT_EQ(post("/").status, 413);
  EXPECT_EQ(post("/large").body, large);
}

TEST(ServerTest, RecordsNothingPersonal) {
  absl::Mutex mutex;
  std::vector<std::string> records;
  Options options{.limits = {.body_bytes = 5}};
  options.on_access = [&](const AccessRecord& record) {
    absl::MutexLock lock(&mutex);
    records.push_back(std::string(record.method) + " " + std::string(record.route) + " " +
                      std::to_string(record.status) + " " + std::to_string(record.bytes_in) + " " +
                      std::to_string(record.bytes_out));
    EXPECT_GE(record.duration, absl::ZeroDuration());
  };
  auto server = StartOrDie(std::move(options), [](Request request, Responder responder) {
    responder.SetRoute("/u/{token}");
    if (request.method == "PUT") return responder.Cut();
    responder.Send(Response::Text(200, "hello"));
  });
  RawClient(server->port()).Exchange(PostRequest("/u/secret", {}, "abc"));
  RawClient(server->port()).Exchange("SECRET /u/secret HTTP/1.1\r\nHost: x\r\n\r\n");
  RawClient(server->port()).Exchange("PUT /u/secret HTTP/1.1\r\nHost: x\r\n\r\n");
  RawClient(server->port()).Exchange(PostRequest("/u/secret", {}, "abcdef"));
  RawClient(server->port()).Exchange("\n");
  server.reset();
  absl::MutexLock lock(&mutex);
  EXPECT_THAT(records, ::testing::UnorderedElementsAre(
                           "POST /u/{token} 200 3 5", "other /u/{token} 200 0 5",
                           "PUT /u/{token} 0 0 0", "POST  413 0 18", "other  400 0 12"));
}

TEST(ServerTest, RefusesBadOptions) {
  const auto code = absl::StatusCode::kInvalidArgument;
  EXPECT_THAT(Server::Start({.host = "localhost"}, Echo), StatusIs(code, HasSubstr("localhost")));
  EXPECT_THAT(Server::Start({.threads = 0}, Echo), StatusIs(code, HasSubstr("threads")));
  EXPECT_THAT(Server::Start({.limits = {.connections = 0}}, Echo),
              StatusIs(code, HasSubstr("limits")));
  EXPECT_THAT(Server::Start({.trusted_proxies = {"10.0.0.0/33"}}, Echo),
              StatusIs(code, HasSubstr("10.0.0.0/33")));
  const auto server = StartOrDie({}, Echo);
  EXPECT_THAT(Server::Start({.port = server->port()}, Echo),
              StatusIs(absl::StatusCode::kUnavailable, HasSubstr("port")));
}

}  // namespace
}  // namespace lmsmail::http_server
