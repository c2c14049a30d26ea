#include "tests/chaos/proxy.h"

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/write.hpp>
#include <gtest/gtest.h>

#include <string>
#include <string_view>

#include "absl/time/clock.h"

#include "libs/testing/status_matchers.h"

namespace lmsmail::chaos {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;

// A server with one connection, and a client that reaches it through a proxy.
class ProxyTest : public ::testing::Test {
 protected:
  void SetUp() override {
    ASSERT_OK_AND_ASSIGN(proxy_, Proxy::ToPort(acceptor_.local_endpoint().port()));
  }

  void Connect() {
    client_ = tcp::socket(io_);
    client_.connect({asio::ip::address_v4::loopback(), proxy_->port()});
    server_ = acceptor_.accept();
  }
  static void Write(tcp::socket& socket, std::string_view text) {
    asio::write(socket, asio::buffer(text.data(), text.size()));
  }
  // Returns "" if the connection ends before.
  static std::string Read(tcp::socket& socket, std::size_t size) {
    std::string text(size, '\0');
    boost::system::error_code error;
    asio::read(socket, asio::buffer(text), error);
    return error ? "" : text;
  }

  asio::io_context io_;
  tcp::acceptor acceptor_{io_, tcp::endpoint(asio::ip::address_v4::loopback(), 0)};
  tcp::socket client_{io_};
  tcp::socket server_{io_};
  std::unique_ptr<Proxy> proxy_;
};

TEST_F(ProxyTest, ForwardsBothDirections) {
  Connect();
  Write(client_, "question");
  EXPECT_EQ(Read(server_, 8), "question");
  Write(server_, "response");
  EXPECT_EQ(Read(client_, 8), "response");
  EXPECT_EQ(proxy_->open_connections(), 1);
}

TEST_F(ProxyTest, ClosesBothSidesWhenOneCloses) {
  Connect();
  client_.close();
  EXPECT_EQ(Read(server_, 1), "");
}

TEST_F(ProxyTest, ResetsOnlyCurrentConnections) {
  Connect();
  proxy_->ResetConnections();
  EXPECT_EQ(Read(client_, 1), "");
  EXPECT_EQ(Read(server_, 1), "");
  Connect();
  Write(client_, "again");
  EXPECT_EQ(Read(server_, 5), "again");
}

TEST_F(ProxyTest, RejectsConnectionsWhileCut) {
  proxy_->Set({.cut = true});
  tcp::socket refused(io_);
  boost::system::error_code error;
  refused.connect({asio::ip::address_v4::loopback(), proxy_->port()}, error);
  EXPECT_EQ(Read(refused, 1), "");
  proxy_->Set({});
  Connect();
  Write(client_, "again");
  EXPECT_EQ(Read(server_, 5), "again");
}

TEST_F(ProxyTest, HoldsDataWhileStalled) {
  Connect();
  proxy_->Set({.stalled = true});
  Write(client_, "held");
  absl::SleepFor(absl::Milliseconds(50));  // long enough for the data to arrive without the stall
  EXPECT_EQ(server_.available(), 0u);
  proxy_->Set({});
  EXPECT_EQ(Read(server_, 4), "held");
}

TEST_F(ProxyTest, DelaysData) {
  Connect();
  constexpr absl::Duration kDelay = absl::Milliseconds(50);
  proxy_->Set({.delay = kDelay});
  const absl::Time start = absl::Now();
  Write(client_, "late");
  EXPECT_EQ(Read(server_, 4), "late");
  EXPECT_GE(absl::Now() - start, kDelay);
}

TEST_F(ProxyTest, LosesResponseToCommit) {
  Connect();
  proxy_->Set({.lose_commit_every = 1});
  const std::string start("\0\0\0\x08\0\3\0\0", 8);
  const std::string commit(
      "Q\0\0\0\x0b"
      "COMMIT\0",
      12);
  Write(client_, start);
  EXPECT_EQ(Read(server_, start.size()), start);
  Write(server_, "ready");
  EXPECT_EQ(Read(client_, 5), "ready");
  Write(client_, commit);
  EXPECT_EQ(Read(server_, commit.size()), commit);
  Write(server_, "done");
  EXPECT_EQ(Read(client_, 1), "");
  EXPECT_EQ(proxy_->lost_commits(), 1);
}

}  // namespace
}  // namespace lmsmail::chaos
