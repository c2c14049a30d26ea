#include "tests/chaos/proxy.h"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <future>
#include <list>
#include <string_view>
#include <thread>
#include <tuple>
#include <utility>

#include "tests/chaos/commit_watch.h"

namespace lmsmail::chaos {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using Socket = asio::generic::stream_protocol::socket;
using Endpoint = asio::generic::stream_protocol::endpoint;

constexpr auto kToTuple = asio::as_tuple(asio::use_awaitable);
constexpr std::chrono::milliseconds kPollInterval(10);

// Used only on the io thread.
struct Connection {
  explicit Connection(asio::io_context& io) : client(io), server(io) {}

  // Closes both sockets with RST instead of FIN, like a broken link.
  void Reset() {
    boost::system::error_code ignored;
    for (Socket* const socket : {&client, &server}) {
      if (!socket->is_open()) continue;
      std::ignore = socket->set_option(asio::socket_base::linger(true, 0), ignored);
      std::ignore = socket->close(ignored);
    }
  }

  Socket client;
  Socket server;
  CommitWatch commits;
  bool lose_response = false;
};

}  // namespace

class Proxy::Impl {
 public:
  explicit Impl(Endpoint upstream)
      : upstream_(std::move(upstream)),
        acceptor_(io_, tcp::endpoint(asio::ip::address_v4::loopback(), 0)),
        port_(acceptor_.local_endpoint().port()) {
    asio::co_spawn(io_, Accept(), asio::detached);
    thread_ = std::thread([this] { io_.run(); });
  }
  ~Impl() {
    io_.stop();
    thread_.join();
  }

  std::uint16_t port() const { return port_; }
  int open_connections() const { return open_count_; }
  int max_open_connections() const { return max_open_; }
  std::int64_t lost_commits() const { return lost_commits_; }

  void Set(const LinkFault& fault) {
    OnThread([this, fault] {
      fault_ = fault;
      if (fault_.cut) ResetAll();
    });
  }
  void ResetConnections() {
    OnThread([this] { ResetAll(); });
  }

 private:
  void OnThread(const std::function<void()>& work) {
    std::promise<void> done;
    asio::post(io_, [&] {
      work();
      done.set_value();
    });
    done.get_future().wait();
  }

  void ResetAll() {
    for (const auto& connection : open_) connection->Reset();
  }

  asio::awaitable<void> Accept() {
    for (;;) {
      auto [error, socket] = co_await acceptor_.async_accept(kToTuple);
      if (error) co_return;
      auto connection = std::make_shared<Connection>(io_);
      connection->client = Socket(std::move(socket));
      if (fault_.cut) {
        connection->Reset();
      } else {
        asio::co_spawn(io_, Serve(std::move(connection)), asio::detached);
      }
    }
  }

  asio::awaitable<void> Serve(std::shared_ptr<Connection> connection) {
    open_.push_back(connection);
    CountOpen();
    const auto [error] = co_await connection->server.async_connect(upstream_, kToTuple);
    if (error) {
      connection->Reset();
      open_.remove(connection);
      CountOpen();
      co_return;
    }
    asio::co_spawn(io_, Pump(connection, /*to_server=*/false), asio::detached);
    co_await Pump(connection, /*to_server=*/true);
    open_.remove(connection);
    CountOpen();
  }

  void CountOpen() {
    open_count_ = static_cast<int>(open_.size());
    max_open_ = std::max<int>(max_open_, open_count_);
  }

  // Copies data until either side closes or fails, then closes both sides: neither SMTP nor
  // PostgreSQL uses half-closed connections.
  asio::awaitable<void> Pump(std::shared_ptr<Connection> connection, bool to_server) {
    Socket& from = to_server ? connection->client : connection->server;
    Socket& to = to_server ? connection->server : connection->client;
    std::array<char, 16 << 10> buffer;
    for (;;) {
      const auto [read_error, size] = co_await from.async_read_some(asio::buffer(buffer), kToTuple);
      if (read_error || !from.is_open()) break;
      co_await Delay(size);
      if (!MayPass(*connection, {buffer.data(), size}, to_server)) break;
      const auto [write_error, written] =
          co_await asio::async_write(to, asio::buffer(buffer, size), kToTuple);
      if (write_error) break;
    }
    connection->Reset();
  }

  asio::awaitable<void> Delay(std::size_t size) {
    asio::steady_timer timer(io_);
    auto wait = absl::ToChronoNanoseconds(fault_.delay);
    if (fault_.bytes_per_second > 0) {
      wait += std::chrono::nanoseconds(static_cast<std::int64_t>(size) * 1'000'000'000 /
                                       fault_.bytes_per_second);
    }
    if (wait.count() > 0) {
      timer.expires_after(wait);
      co_await timer.async_wait(kToTuple);
    }
    while (fault_.stalled) {
      timer.expires_after(kPollInterval);
      co_await timer.async_wait(kToTuple);
    }
  }

  bool MayPass(Connection& connection, std::string_view bytes, bool to_server) {
    if (to_server) {
      if (connection.commits.Feed(bytes) && fault_.lose_commit_every > 0 &&
          ++commits_ % fault_.lose_commit_every == 0) {
        connection.lose_response = true;
      }
      return true;
    }
    if (!connection.lose_response) return true;
    ++lost_commits_;
    return false;
  }

  const Endpoint upstream_;
  asio::io_context io_{1};
  tcp::acceptor acceptor_;
  const std::uint16_t port_;
  std::atomic<int> open_count_ = 0;
  std::atomic<int> max_open_ = 0;
  std::atomic<std::int64_t> lost_commits_ = 0;

  // Used only on the io thread.
  LinkFault fault_;
  std::int64_t commits_ = 0;
  std::list<std::shared_ptr<Connection>> open_;

  std::thread thread_;  // last, because it uses the other members
};

Proxy::Proxy(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Proxy::~Proxy() = default;

absl::StatusOr<std::unique_ptr<Proxy>> Proxy::ToPort(std::uint16_t port) {
  try {
    return std::unique_ptr<Proxy>(
        new Proxy(std::make_unique<Impl>(tcp::endpoint(asio::ip::address_v4::loopback(), port))));
  } catch (const std::exception& error) {
    return absl::InternalError(error.what());
  }
}

absl::StatusOr<std::unique_ptr<Proxy>> Proxy::ToSocket(const std::string& path) {
  try {
    return std::unique_ptr<Proxy>(
        new Proxy(std::make_unique<Impl>(asio::local::stream_protocol::endpoint(path))));
  } catch (const std::exception& error) {
    return absl::InternalError(error.what());
  }
}

std::uint16_t Proxy::port() const { return impl_->port(); }
void Proxy::Set(const LinkFault& fault) { impl_->Set(fault); }
void Proxy::ResetConnections() { impl_->ResetConnections(); }
int Proxy::open_connections() const { return impl_->open_connections(); }
int Proxy::max_open_connections() const { return impl_->max_open_connections(); }
std::int64_t Proxy::lost_commits() const { return impl_->lost_commits(); }

}  // namespace lmsmail::chaos
