#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <unistd.h>

#include <atomic>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/synchronization/mutex.h"
#include "absl/synchronization/notification.h"

#include "libs/http_server/server.h"
#include "libs/http_server/testing/raw_client.h"
#include "libs/testing/status_matchers.h"

namespace lmsmail::http_server {
namespace {

using testing::PostRequest;
using testing::RawClient;
using testing::RawResponse;

constexpr std::string_view kGet = "GET / HTTP/1.1\r\nHost: x\r\n\r\n";
constexpr absl::Duration kShort = absl::Milliseconds(50);

void Echo(Request request, Responder responder) {
  responder.Send(Response::Text(200, std::move(request.body)));
}

std::unique_ptr<Server> StartOrDie(Limits limits, Handler handler = Echo) {
  auto server = Server::Start({.limits = limits}, std::move(handler));
  EXPECT_OK(server);
  return *std::move(server);
}

TEST(ServerLimitsTest, LimitsTheHeader) {
  const auto server = StartOrDie({.header_bytes = 1000});
  const auto request = [](size_t size) {
    const std::string begin = "GET / HTTP/1.1\r\nHost: x\r\nA: ";
    return begin + std::string(size - begin.size() - 4, 'a') + "\r\n\r\n";
  };
  EXPECT_EQ(RawClient(server->port()).Exchange(request(1000)).status, 200);
  EXPECT_EQ(RawClient(server->port()).Exchange(request(1001)).status, 431);
  RawClient endless(server->port());
  EXPECT_EQ(endless.Exchange("GET /" + std::string(100'000, 'a')).status, 431);
  EXPECT_TRUE(endless.IsClosed());
}

TEST(ServerLimitsTest, LimitsTheBody) {
  const auto server = StartOrDie({.body_bytes = 3});
  EXPECT_EQ(RawClient(server->port()).Exchange(PostRequest("/", {}, "abc")).body, "abc");
  EXPECT_EQ(RawClient(server->port()).Exchange(PostRequest("/", {}, "abcd")).status, 413);
  const std::string chunked = "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n";
  RawClient client(server->port());
  EXPECT_EQ(client.Exchange(chunked + "2\r\nab\r\n1\r\nc\r\n0\r\n\r\n").body, "abc");
  EXPECT_EQ(client.Exchange(chunked + "2\r\nab\r\n2\r\n").status, 413);
  EXPECT_TRUE(client.IsClosed());
}

TEST(ServerLimitsTest, LimitsEndlessChunkLinesAndTrailers) {
  const auto server = StartOrDie({.header_bytes = 1000});
  const std::string chunked = "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n";
  for (const std::string_view begin : {"1;a=", "0\r\nA: "}) {
    RawClient client(server->port());
    EXPECT_EQ(client.Exchange(chunked + std::string(begin) + std::string(70'000, 'a')).status, 400);
    EXPECT_TRUE(client.IsClosed());
  }
}

// A large body whose refusal arrives although the client is still sending.
TEST(ServerLimitsTest, RefusesALargeBodyReadably) {
  const auto server = StartOrDie({.body_bytes = 3});
  for (int i = 0; i < 20; ++i) {
    RawClient client(server->port());
    EXPECT_EQ(client.Exchange(PostRequest("/", {}, std::string(1 << 20, 'a'))).status, 413);
    client.FinishSending();
    EXPECT_TRUE(client.IsClosed());
  }
}

TEST(ServerLimitsTest, LimitsAllBodiesTogether) {
  absl::Mutex mutex;
  std::vector<Responder> waiting;
  const auto server = StartOrDie({.total_body_bytes = 10}, [&](Request, Responder responder) {
    absl::MutexLock lock(&mutex);
    waiting.push_back(std::move(responder));
  });
  RawClient first(server->port());
  first.Send(PostRequest("/", {}, "abcdef"));
  {
    absl::MutexLock lock(&mutex);
    mutex.Await(absl::Condition(+[](std::vector<Responder>* w) { return !w->empty(); }, &waiting));
  }
  EXPECT_EQ(RawClient(server->port()).Exchange(PostRequest("/", {}, "abcdef")).status, 503);
  {
    absl::MutexLock lock(&mutex);
    waiting.front().Send(Response{});
  }
  EXPECT_EQ(first.Receive().status, 200);
  // Connections to one io thread: the first has given back its part before this is read.
  RawClient second(server->port());
  second.Send(PostRequest("/", {}, "abcdef"));
  absl::MutexLock lock(&mutex);
  mutex.Await(absl::Condition(+[](std::vector<Responder>* w) { return w->size() == 2; }, &waiting));
  waiting.back().Send(Response{});
  EXPECT_EQ(second.Receive().status, 200);
}

TEST(ServerLimitsTest, EndsASlowHeader) {
  const auto server = StartOrDie({.header_time = kShort, .linger_time = kShort});
  RawClient client(server->port());
  client.Send("GET / HTTP/1.1\r\nHost:");
  EXPECT_EQ(client.Receive().status, 408);
  EXPECT_TRUE(client.IsClosed());

  // A trickle does not extend the time.
  RawClient trickle(server->port());
  trickle.Send("GET /");
  while (trickle.Send("a")) {
  }
  EXPECT_FALSE(trickle.Send("a"));
}

TEST(ServerLimitsTest, EndsASlowBody) {
  const auto server = StartOrDie({.body_time = kShort});
  RawClient client(server->port());
  client.Send("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nabc");
  EXPECT_EQ(client.Receive().status, 408);
  EXPECT_TRUE(client.IsClosed());
}

TEST(ServerLimitsTest, ClosesIdleConnectionsSilently) {
  const auto server = StartOrDie({.idle_time = kShort});
  RawClient silent(server->port());
  EXPECT_TRUE(silent.IsClosed());
  RawClient kept(server->port());
  EXPECT_EQ(kept.Exchange(kGet).status, 200);
  EXPECT_TRUE(kept.IsClosed());
}

TEST(ServerLimitsTest, EndsASlowHandler) {
  absl::Notification answered;
  std::vector<Responder> kept;
  const auto server = StartOrDie({.handler_time = kShort}, [&](Request, Responder responder) {
    kept.push_back(std::move(responder));
  });
  RawClient client(server->port());
  EXPECT_EQ(client.Exchange(kGet).status, 503);
  EXPECT_TRUE(client.IsClosed());
  kept.front().Send(Response::Text(200, "late"));
}

TEST(ServerLimitsTest, EndsWritingToAClientThatDoesNotRead) {
  absl::Mutex mutex;
  std::vector<int> statuses;
  Options options{.limits = {.write_time = kShort}};
  options.on_access = [&](const AccessRecord& record) {
    absl::MutexLock lock(&mutex);
    statuses.push_back(record.status);
  };
  ASSERT_OK_AND_ASSIGN(const auto server,
                       Server::Start(std::move(options), [](Request, Responder responder) {
                         responder.Send(Response::Text(200, std::string(50'000'000, 'x')));
                       }));
  RawClient client(server->port());
  client.Send(kGet);
  absl::MutexLock lock(&mutex);
  mutex.Await(absl::Condition(+[](std::vector<int>* s) { return !s->empty(); }, &statuses));
  EXPECT_THAT(statuses, ::testing::ElementsAre(0));
}

TEST(ServerLimitsTest, ClosesConnectionsPastTheLimit) {
  const auto server = StartOrDie({.connections = 2});
  RawClient first(server->port());
  EXPECT_EQ(first.Exchange(kGet).status, 200);
  {
    RawClient second(server->port());
    EXPECT_EQ(second.Exchange(kGet).status, 200);
    EXPECT_TRUE(RawClient(server->port()).IsClosed());
    EXPECT_EQ(server->connections(), 2);
  }
  // The server notices the end of the second one in its own time.
  RawResponse response;
  while (response.status != 200) response = RawClient(server->port()).Exchange(kGet);
}

// A server that stops accepting when it has no descriptor left would never come back.
TEST(ServerLimitsTest, AcceptsAgainAfterDescriptorsRanOut) {
  const auto server = StartOrDie({});
  rlimit limit;
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &limit), 0);
  const int next = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
  ASSERT_GE(next, 0);
  ::close(next);
  const rlimit one_more = {.rlim_cur = static_cast<rlim_t>(next) + 1, .rlim_max = limit.rlim_max};
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &one_more), 0);
  RawClient client(server->port());  // takes the last descriptor
  client.Send(kGet);
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &limit), 0);
  EXPECT_EQ(client.Receive().status, 200);
}

TEST(ServerShutdownTest, FinishesRequestsInFlightAndClosesTheRest) {
  absl::Notification entered;
  absl::Mutex mutex;
  std::vector<Responder> waiting;
  const auto server = StartOrDie({}, [&](Request request, Responder responder) {
    if (request.path == "/") return responder.Send(Response{});
    absl::MutexLock lock(&mutex);
    waiting.push_back(std::move(responder));
    entered.Notify();
  });
  RawClient idle(server->port());
  EXPECT_EQ(idle.Exchange(kGet).status, 200);
  RawClient silent(server->port());
  RawClient busy(server->port());
  busy.Send("GET /wait HTTP/1.1\r\nHost: x\r\n\r\n");
  entered.WaitForNotification();

  std::thread shutdown([&] { server->Shutdown(absl::Seconds(20)); });
  EXPECT_TRUE(idle.IsClosed());
  EXPECT_TRUE(silent.IsClosed());
  {
    absl::MutexLock lock(&mutex);
    waiting.front().Send(Response::Text(200, "finished"));
  }
  const RawResponse response = busy.Receive();
  EXPECT_EQ(response.body, "finished");
  EXPECT_EQ(response.headers.Get("Connection"), "close");
  EXPECT_TRUE(busy.IsClosed());
  busy.FinishSending();
  shutdown.join();
  EXPECT_EQ(server->connections(), 0);
  EXPECT_EQ(RawClient(server->port()).Exchange(kGet).status, 0);
}

TEST(ServerShutdownTest, CutsWhatDoesNotFinish) {
  absl::Notification entered;
  std::vector<Responder> waiting;
  auto server = StartOrDie({}, [&](Request, Responder responder) {
    waiting.push_back(std::move(responder));
    entered.Notify();
  });
  RawClient busy(server->port());
  busy.Send(kGet);
  RawClient partial(server->port());
  partial.Send("GET / HT");
  entered.WaitForNotification();
  server->Shutdown(absl::ZeroDuration());
  EXPECT_TRUE(busy.IsClosed());
  EXPECT_TRUE(partial.IsClosed());
  server.reset();
  waiting.front().Send(Response{});  // to no effect
}

}  // namespace
}  // namespace lmsmail::http_server
