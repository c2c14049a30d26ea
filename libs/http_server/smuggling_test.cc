#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <string>
#include <string_view>

#include "libs/http_server/head_scanner.h"
#include "libs/http_server/request_parser.h"
#include "libs/http_server/server.h"
#include "libs/http_server/testing/raw_client.h"
#include "libs/testing/status_matchers.h"

// Requests that two HTTP implementations read differently, as octets over a socket. A proxy that
// reads one end and a server that reads another let an attacker smuggle a request.
namespace lmsmail::http_server {
namespace {

using namespace std::string_literals;
using testing::RawClient;
using testing::RawResponse;

class SmugglingTest : public ::testing::Test {
 protected:
  void SetUp() override {
    ASSERT_OK_AND_ASSIGN(server_, Server::Start({.limits = {.header_time = absl::Seconds(5)}},
                                                [this](Request request, Responder responder) {
                                                  ++handled_;
                                                  responder.Send(Response::Text(200, request.body));
                                                }));
  }

  // Sends the octets and a good request behind them, which must not be served either.
  void ExpectRefused(std::string_view octets, int status = 400) {
    SCOPED_TRACE(::testing::PrintToString(octets));
    handled_ = 0;
    RawClient client(server_->port());
    client.Send(octets);
    client.Send("GET /behind HTTP/1.1\r\nHost: x\r\n\r\n");
    const RawResponse response = client.Receive();
    EXPECT_EQ(response.status, status);
    EXPECT_EQ(response.headers.Get("Connection"), "close");
    EXPECT_TRUE(client.IsClosed());
    EXPECT_EQ(handled_, 0);
  }

  void ExpectAccepted(std::string_view octets, std::string_view body = "") {
    SCOPED_TRACE(::testing::PrintToString(octets));
    RawClient client(server_->port());
    const RawResponse response = client.Exchange(octets);
    EXPECT_EQ(response.status, 200);
    EXPECT_EQ(response.body, body);
  }

  std::atomic<int> handled_ = 0;
  std::unique_ptr<Server> server_;
};

TEST_F(SmugglingTest, RefusesAmbiguousLengths) {
  const std::string post = "POST / HTTP/1.1\r\nHost: x\r\n";
  for (const std::string_view fields : {
           "Content-Length: 3\r\nContent-Length: 4\r\n\r\nabc",
           "Content-Length: 3\r\nContent-Length: 3\r\n\r\nabc",
           "Content-Length: 3\r\ncontent-length: 3\r\n\r\nabc",
           "Content-Length: 3, 3\r\n\r\nabc",
           "Content-Length: 3,4\r\n\r\nabc",
           "Content-Length: +3\r\n\r\nabc",
           "Content-Length: -3\r\n\r\nabc",
           "Content-Length: 0x3\r\n\r\nabc",
           "Content-Length: 3 3\r\n\r\nabc",
           "Content-Length: 3.0\r\n\r\nabc",
           "Content-Length: \r\n\r\nabc",
           "Content-Length: abc\r\n\r\nabc",
           "Content-Length: \"3\"\r\n\r\nabc",
           "Content-Length: 18446744073709551616\r\n\r\nabc",
           "Content-Length: 99999999999999999999999999\r\n\r\nabc",
       }) {
    ExpectRefused(post + std::string(fields));
  }
  ExpectAccepted(post + "Content-Length: 003\r\n\r\nabc", "abc");
  ExpectAccepted(post + "Content-Length:3 \t\r\n\r\nabc", "abc");
}

TEST_F(SmugglingTest, RefusesAmbiguousTransferEncodings) {
  const std::string post = "POST / HTTP/1.1\r\nHost: x\r\n";
  const std::string body = "\r\n3\r\nabc\r\n0\r\n\r\n";
  for (const std::string_view fields : {
           "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n",
           "Transfer-Encoding: chunked\r\nContent-Length: 3\r\n",
           "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n",
           "Transfer-Encoding: identity\r\nTransfer-Encoding: chunked\r\n",
           "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n",
           "Transfer-Encoding: identity\r\n",
           "Transfer-Encoding: gzip, chunked\r\n",
           "Transfer-Encoding: chunked, gzip\r\n",
           "Transfer-Encoding: chunked, chunked\r\n",
           "Transfer-Encoding: chunked,\r\n",
           "Transfer-Encoding: xchunked\r\n",
           "Transfer-Encoding: \"chunked\"\r\n",
           "Transfer-Encoding: chunked;q=1\r\n",
           "Transfer-Encoding:\r\n",
           "Transfer-Encoding : chunked\r\n",
           "Transfer-Encoding: \x0b"
           "chunked\r\n",
           "Transfer-Encoding: chunked\r\n Content-Length: 3\r\n",
           " Transfer-Encoding: chunked\r\n",
       }) {
    ExpectRefused(post + std::string(fields) + body);
  }
  ExpectRefused("POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n" + body);
  ExpectAccepted(post + "Transfer-Encoding: chunked\r\n" + body, "abc");
  ExpectAccepted(post + "transfer-encoding: Chunked \r\n" + body, "abc");
}

TEST_F(SmugglingTest, RefusesBadChunks) {
  const std::string post = "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n";
  for (const std::string& body : {
           "x\r\nabc\r\n0\r\n\r\n"s,
           "\r\nabc\r\n0\r\n\r\n"s,
           "0x3\r\nabc\r\n0\r\n\r\n"s,
           "+3\r\nabc\r\n0\r\n\r\n"s,
           "-3\r\nabc\r\n0\r\n\r\n"s,
           " 3\r\nabc\r\n0\r\n\r\n"s,
           "3 \r\nabc\r\n0\r\n\r\n"s,
           "3\nabc\n0\n\n\r\n\r\n"s,
           "3\r\nabcd\r\n0\r\n\r\n"s,
           "3\r\nabc0\r\n\r\n\r\n"s,
           "3\r\nabc\n0\r\n\r\n"s,
           "3\rabc\r\n0\r\n\r\n"s,
           "3;\r\nabc\r\n0\r\n\r\n"s,
           "3;a=\r\nabc\r\n0\r\n\r\n"s,
           "3;a=\"b\nc\"\r\nabc\r\n0\r\n\r\n"s,
           "3;\0\r\nabc\r\n0\r\n\r\n"s,
           "3\r\nabc\r\n0\r\nBad Name: x\r\n\r\n"s,
           "3\r\nabc\r\n0\r\nA: \0\r\n\r\n"s,
           "3\r\nabc\r\n0\r\nA: b\nC: d\r\n\r\n"s,
           "ffffffffffffffffff\r\nabc\r\n0\r\n\r\n"s,
           "10000000000000003\r\nabc\r\n0\r\n\r\n"s,
       }) {
    ExpectRefused(post + body);
  }
  ExpectRefused(post + "fffffffffffffff0\r\nabc", 413);
  ExpectAccepted(post + "0003\r\nabc\r\n000\r\n\r\n", "abc");
  ExpectAccepted(post + "1;a=b;c=\"d\"\r\na\r\n2\r\nbc\r\n0\r\n\r\n", "abc");
}

TEST_F(SmugglingTest, DropsTrailers) {
  ASSERT_OK_AND_ASSIGN(
      const auto server, Server::Start({}, [](Request request, Responder responder) {
        responder.Send(
            Response::Text(200, request.headers.Has("X-Forwarded-For") ? "forged" : "dropped"));
      }));
  RawClient client(server->port());
  EXPECT_EQ(client
                .Exchange("POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
                          "1\r\na\r\n0\r\nX-Forwarded-For: 192.0.2.1\r\n\r\n")
                .body,
            "dropped");
}

TEST_F(SmugglingTest, RefusesLineBreaksOtherThanCrlf) {
  for (const std::string_view octets : {
           "GET / HTTP/1.1\nHost: x\n\n",
           "GET / HTTP/1.1\r\nHost: x\n\r\n",
           "GET / HTTP/1.1\r\nHost: x\r\nA: b\nC: d\r\n\r\n",
           "GET / HTTP/1.1\r\nHost: x\r\nA: b\rC: d\r\n\r\n",
           "GET / HTTP/1.1\r\r\nHost: x\r\n\r\n",
           "GET / HTTP/1.1\r\nHost: x\r\n\n",
           "GET / HTTP/1.1\r\nHost: x\r\n\r\r\n",
           "GET / HTTP/1.1\rHost: x\r\r",
           "\r\nGET / HTTP/1.1\r\nHost: x\r\n\r\n",
           "\nGET / HTTP/1.1\r\nHost: x\r\n\r\n",
       }) {
    ExpectRefused(octets);
  }
}

TEST_F(SmugglingTest, RefusesMalformedFields) {
  const std::string get = "GET / HTTP/1.1\r\nHost: x\r\n";
  for (const std::string& fields : {
           "A: b\r\n c\r\n"s,  // obs-fold
           "A: b\r\n\tc\r\n"s,
           "A:\r\n b\r\n"s,
           "A : b\r\n"s,
           ": b\r\n"s,
           "A\r\n"s,
           "A b: c\r\n"s,
           "A(b): c\r\n"s,
           "\xc3\xa4: c\r\n"s,
           "A: b\0c\r\n"s,
           "A\0: c\r\n"s,
           "A: \x01\r\n"s,
           "A: \x1b[31m\r\n"s,
           "A: \x7f\r\n"s,
           "A: b\x0b\r\n"s,
           "A: b\x0c\r\n"s,
           "Host: y\r\n"s,
           "Host: x\r\n"s,
       }) {
    ExpectRefused(get + fields + "\r\n");
  }
  ExpectRefused("GET / HTTP/1.1\r\n Host: x\r\n\r\n");
  ExpectRefused("GET / HTTP/1.1\r\n\r\n");
  for (const std::string_view host : {"", "a b", "a/b", "a@b", "a,b", "a\"b", "<a>", "a#", "a?b"}) {
    ExpectRefused("GET / HTTP/1.1\r\nHost: " + std::string(host) + "\r\n\r\n");
  }
  ExpectAccepted("GET / HTTP/1.0\r\n\r\n");
  ExpectAccepted("GET / HTTP/1.1\r\nhost:[::1]:80\r\nA: b\tc\xc3\xa4\r\nB:\r\n\r\n");
}

TEST_F(SmugglingTest, RefusesMalformedRequestLines) {
  const std::string rest = "\r\nHost: x\r\n\r\n";
  for (const std::string& line : {
           "GET  / HTTP/1.1"s,
           "GET /  HTTP/1.1"s,
           " GET / HTTP/1.1"s,
           "GET\t/\tHTTP/1.1"s,
           "GET / HTTP/1.1 "s,
           "GET /"s,
           "GET"s,
           "GET / http/1.1"s,
           "GET / HTTP/2.0"s,
           "GET / HTTP/0.9"s,
           "GET / HTTP/1.2"s,
           "GET / HTTP/11"s,
           "GET / HTTP/1.1x"s,
           "GE(T / HTTP/1.1"s,
           "G\0ET / HTTP/1.1"s,
           "PRI * HTTP/2.0"s,
           "\x16\x03\x01\x02"s,
       }) {
    ExpectRefused(line + rest);
  }
}

TEST_F(SmugglingTest, RefusesBadTargets) {
  for (const std::string& target : {
           "*"s,           "http://x/"s, "HTTP://evil.example/"s,
           "//x/"s,        "x:80"s,      "x"s,
           "?a"s,          "/a//b"s,     "/a//"s,
           "/."s,          "/.."s,       "/a/../b"s,
           "/a/./b"s,      "/a/.."s,     "/%2e%2e/a"s,
           "/.%2e/a"s,     "/%2E/a"s,    "/a%2fb"s,
           "/a%2Fb"s,      "/a%5cb"s,    "/a\\b"s,
           "/%00"s,        "/a%00b"s,    "/a%0ab"s,
           "/a%0d"s,       "/%7f"s,      "/%"s,
           "/%4"s,         "/%4g"s,      "/%zz"s,
           "/%u0041"s,     "/a%"s,       "/%ff"s,
           "/%c0%ae"s,     "/%c0%af"s,   "/%ed%a0%80"s,
           "/\xc3\xa4"s,   "/a\0b"s,     "/a\x01"s,
           "/a\x1b"s,      "/a\x7f"s,    "/a\tb"s,
           "/a#b"s,        "/a?b#c"s,    "/a?\x01"s,
           "/a?\xc3\xa4"s, "/a?\0"s,     "/<a>"s,
           "/\"a\""s,      "/a|b"s,      "/a`"s,
           "/{a}"s,        "/a^b"s,
       }) {
    ExpectRefused("GET " + target + " HTTP/1.1\r\nHost: x\r\n\r\n");
  }
  ExpectRefused("CONNECT x:80 HTTP/1.1\r\nHost: x\r\n\r\n");
  for (const std::string_view target :
       {"/", "/a", "/a/", "/...", "/a%20b", "/%c3%a4", "/a%3Fb", "/%25", "/a?b=c&d=%00", "/?",
        "/a?b?c/..//", "/a;b=c,d@e:f!$&'()*+=~", "/a?x={y}|z"}) {
    ExpectAccepted("GET " + std::string(target) + " HTTP/1.1\r\nHost: x\r\n\r\n");
  }
}

TEST_F(SmugglingTest, ServesPipelinedRequestsInOrder) {
  RawClient client(server_->port());
  client.Send(
      "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\n\r\na"
      "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nb\r\n0\r\n\r\n"
      "GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
  EXPECT_EQ(client.Receive().body, "a");
  EXPECT_EQ(client.Receive().body, "b");
  EXPECT_EQ(client.Receive().headers.Get("Connection"), "close");
  EXPECT_TRUE(client.IsClosed());
}

TEST_F(SmugglingTest, ReadsTheSameHoweverTheOctetsArrive) {
  const std::string request =
      "POST /a HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
      "2;x=y\r\nab\r\n1\r\nc\r\n0\r\nA: b\r\n\r\n";
  RawClient client(server_->port());
  for (const char c : request) client.Send(std::string(1, c));
  EXPECT_EQ(client.Receive().body, "abc");
  for (size_t i = 1; i < request.size(); i += 7) {
    client.Send(request.substr(0, i));
    client.Send(request.substr(i));
    EXPECT_EQ(client.Receive().body, "abc");
  }
}

// An assertion of Beast's parser fails when the end of an empty body arrives in small pieces.
TEST_F(SmugglingTest, ReadsAnEmptyChunkedBodyInPieces) {
  const std::string head = "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n";
  for (const std::string_view body : {"0\r\n\r\n", "1\r\na\r\n0\r\n\r\n", "0;a\r\nB: c\r\n\r\n"}) {
    HeadScanner scanner;
    ASSERT_EQ(scanner.Scan(head), HeadScanner::State::kComplete);
    RequestParser parser;
    ASSERT_EQ(parser.PutHead(head), 0);
    ASSERT_EQ(parser.SetBodyLimit(10), 0);
    size_t used = 0;
    for (size_t arrived = 0; arrived <= body.size(); ++arrived) {
      ASSERT_FALSE(parser.done());
      size_t consumed = 0;
      ASSERT_EQ(parser.PutBody(body.substr(used, arrived - used), consumed), 0);
      used += consumed;
    }
    EXPECT_TRUE(parser.done());
    EXPECT_EQ(used, body.size());
  }
}

TEST_F(SmugglingTest, RefusesOtherExpectations) {
  ExpectRefused("GET / HTTP/1.1\r\nHost: x\r\nExpect: 200-ok\r\n\r\n", 417);
}

}  // namespace
}  // namespace lmsmail::http_server
