#include "libs/smtp/dial.h"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/post.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>

#include <chrono>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "libs/smtp/fault.h"
#include "libs/testing/status_matchers.h"

namespace lmsmail::smtp {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

tcp::endpoint Address(const char* text, uint16_t port = 25) {
  return {asio::ip::make_address(text), port};
}

const tcp::endpoint kUnreachable = Address("255.255.255.255");

class DialTest : public ::testing::Test {
 protected:
  using Acceptor = std::unique_ptr<tcp::acceptor>;

  void SetUp() override {
    boost::system::error_code error;
    tcp::socket socket(io_, tcp::v6());
    socket.bind(tcp::endpoint(asio::ip::address_v6::loopback(), 0), error);
    if (error) GTEST_SKIP() << "this host has no ::1";
  }

  // An address that answers.
  tcp::endpoint Live(const char* address = "127.0.0.1") { return Keep(address)->local_endpoint(); }
  // An address where nothing listens.
  tcp::endpoint Refused(const char* address = "127.0.0.1") {
    const tcp::endpoint endpoint(asio::ip::make_address(address), 0);
    bound_.push_back(std::make_unique<tcp::socket>(io_, endpoint));
    return bound_.back()->local_endpoint();
  }
  // An address that answers no SYN: a listening socket whose backlog is full.
  tcp::endpoint BlackHole(const char* address = "127.0.0.1") {
    const auto& acceptor = Keep(address);
    EXPECT_EQ(listen(acceptor->native_handle(), 0), 0);
    bound_.push_back(std::make_unique<tcp::socket>(io_));
    bound_.back()->connect(acceptor->local_endpoint());
    return acceptor->local_endpoint();
  }

  absl::Status Dial(std::vector<tcp::endpoint> addresses, DialOptions options) {
    absl::Status status = absl::UnknownError("the dial did not end");
    asio::co_spawn(
        io_,
        [&]() -> asio::awaitable<void> {
          status = co_await dialer_.Dial(std::move(addresses), options, socket_);
        },
        asio::detached);
    const auto start = std::chrono::steady_clock::now();
    io_.restart();
    io_.run();
    elapsed_ = absl::FromChrono(std::chrono::steady_clock::now() - start);
    return status;
  }
  absl::Status Dial(std::vector<tcp::endpoint> addresses) {
    return Dial(std::move(addresses),
                {.timeout = absl::Minutes(5), .attempt_delay = absl::Milliseconds(1)});
  }
  // In a test where no address answers.
  absl::Status DialShortly(std::vector<tcp::endpoint> addresses) {
    return Dial(std::move(addresses),
                {.timeout = absl::Milliseconds(20), .attempt_delay = absl::Milliseconds(1)});
  }

  asio::io_context io_;
  Dialer dialer_{io_};
  tcp::socket socket_{io_};
  absl::Duration elapsed_;

 private:
  const Acceptor& Keep(const char* address) {
    const tcp::endpoint endpoint(asio::ip::make_address(address), 0);
    return acceptors_.emplace_back(std::make_unique<tcp::acceptor>(io_, endpoint));
  }

  std::vector<Acceptor> acceptors_;
  std::vector<std::unique_ptr<tcp::socket>> bound_;
};

TEST(AttemptOrder, TakesFamiliesInTurnAndNoAddressTwice) {
  const auto six = [](const char* text) { return Address(text); };
  EXPECT_THAT(
      InAttemptOrder({six("::1"), six("::2"), six("::1"), six("::3"), Address("192.0.2.1"),
                      Address("192.0.2.2")}),
      ElementsAre(six("::1"), Address("192.0.2.1"), six("::2"), Address("192.0.2.2"), six("::3")));
  EXPECT_THAT(InAttemptOrder({Address("192.0.2.1"), Address("192.0.2.2"), six("::1")}),
              ElementsAre(Address("192.0.2.1"), six("::1"), Address("192.0.2.2")));
  EXPECT_THAT(InAttemptOrder({}), IsEmpty());
}

TEST_F(DialTest, ConnectsToTheOnlyAddress) {
  for (const char* const address : {"127.0.0.1", "::1"}) {
    const tcp::endpoint live = Live(address);
    EXPECT_OK(Dial({live}));
    EXPECT_EQ(socket_.remote_endpoint(), live);
  }
}

TEST_F(DialTest, ADeadAddressIsNoObstacleToALiveOne) {
  for (const tcp::endpoint& dead :
       {Refused(), Refused("::1"), BlackHole(), BlackHole("::1"), kUnreachable}) {
    for (const char* const address : {"127.0.0.1", "::1"}) {
      const tcp::endpoint live = Live(address);
      EXPECT_OK(Dial({dead, live})) << dead;
      EXPECT_EQ(socket_.remote_endpoint(), live) << dead;
    }
  }
}

TEST_F(DialTest, ABlackHoleCostsLessThanHalfASecond) {
  const tcp::endpoint live = Live();
  EXPECT_OK(Dial({BlackHole("::1"), live}, DialOptions()));
  EXPECT_EQ(socket_.remote_endpoint(), live);
  EXPECT_LT(elapsed_, absl::Milliseconds(500));
}

TEST_F(DialTest, TheNextAttemptStartsAtOnceWhenOneFails) {
  const tcp::endpoint live = Live();
  const DialOptions patient{.timeout = absl::Minutes(5), .attempt_delay = absl::Minutes(5)};
  EXPECT_OK(Dial({Refused("::1"), Refused(), kUnreachable, live}, patient));
  EXPECT_EQ(socket_.remote_endpoint(), live);
}

TEST_F(DialTest, SeveralDeadAddressesAreNoObstacleToTheLast) {
  const tcp::endpoint live = Live();
  EXPECT_OK(Dial({BlackHole("::1"), BlackHole(), Refused("::1"), kUnreachable, BlackHole(), live}));
  EXPECT_EQ(socket_.remote_endpoint(), live);
}

TEST_F(DialTest, EachAttemptHasItsOwnDeadline) {
  const DialOptions options{.timeout = absl::Milliseconds(50),
                            .attempt_delay = absl::Milliseconds(40)};
  const absl::Status status = Dial({BlackHole(), BlackHole("::1"), BlackHole()}, options);
  EXPECT_THAT(status, StatusIs(absl::StatusCode::kDeadlineExceeded));
  EXPECT_GE(elapsed_, 2 * options.timeout);  // the third starts when the first has failed
}

TEST_F(DialTest, AnErrorNamesTheCauseOfEachAddress) {
  const absl::Status status = DialShortly({BlackHole("::1"), Refused(), kUnreachable});
  EXPECT_THAT(status, StatusIs(absl::StatusCode::kUnavailable,
                               "connecting: ::1: no answer; 127.0.0.1: connection refused; "
                               "255.255.255.255: Network is unreachable"));
  EXPECT_EQ(FaultOf(status), Fault::kRefused);
}

TEST_F(DialTest, TheFaultIsThatOfTheAttemptThatGotFurthest) {
  EXPECT_EQ(FaultOf(DialShortly({kUnreachable})), Fault::kUnreachable);
  EXPECT_EQ(FaultOf(DialShortly({kUnreachable, BlackHole()})), Fault::kTimedOut);
  EXPECT_EQ(FaultOf(DialShortly({BlackHole(), Refused()})), Fault::kRefused);
}

TEST_F(DialTest, AnErrorNamesEightAddressesAtMost) {
  std::vector<tcp::endpoint> many;
  for (int i = 0; i < 20; ++i) many.push_back(Refused());
  EXPECT_THAT(DialShortly(many).ToString(), HasSubstr("; and 12 more addresses"));
}

TEST_F(DialTest, CancelEndsEveryAttempt) {
  asio::post(io_, [&] { asio::post(io_, [&] { dialer_.Cancel(); }); });
  EXPECT_THAT(Dial({BlackHole(), BlackHole("::1")}), StatusIs(absl::StatusCode::kCancelled));
  EXPECT_FALSE(socket_.is_open());
}

}  // namespace
}  // namespace lmsmail::smtp
