#include "libs/http_server/server.h"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <exception>
#include <future>
#include <utility>
#include <vector>

#include "absl/base/call_once.h"
#include "absl/time/clock.h"

#include "libs/http_server/client_address.h"
#include "libs/http_server/connection.h"
#include "libs/http_server/io_thread.h"
#include "libs/http_server/shared_state.h"
#include "libs/http_server/tls.h"
#include "libs/status/status_macros.h"

namespace lmsmail::http_server {

namespace asio = boost::asio;
using asio::ip::tcp;

namespace {

constexpr auto kToTuple = asio::as_tuple(asio::use_awaitable);

absl::Duration Shortest(const Limits& limits) {
  return std::min({limits.header_time, limits.body_time, limits.handler_time, limits.write_time,
                   limits.idle_time, limits.linger_time});
}

// An eighth of the shortest time, so that no deadline is missed by more than that.
std::chrono::milliseconds Tick(const Limits& limits) {
  return std::clamp(absl::ToChronoMilliseconds(Shortest(limits) / 8), std::chrono::milliseconds(5),
                    std::chrono::milliseconds(500));
}

absl::Status CheckOptions(const Options& options) {
  const Limits& limits = options.limits;
  if (options.threads < 1) return absl::InvalidArgumentError("threads: must be at least 1");
  if (std::min({limits.header_bytes, limits.connections, limits.requests_per_connection}) < 1 ||
      std::min(limits.body_bytes, limits.total_body_bytes) < 0 ||
      Shortest(limits) <= absl::ZeroDuration()) {
    return absl::InvalidArgumentError("limits: must be positive");
  }
  return absl::OkStatus();
}

}  // namespace

class Server::Impl {
 public:
  Impl(Options options, TrustedProxies proxies, Handler handler, std::unique_ptr<ServerTls> tls)
      : shared_(std::move(options), std::move(proxies), std::move(handler)), tls_(std::move(tls)) {
    const auto tick = Tick(shared_.options.limits);
    for (int i = 0; i < shared_.options.threads; ++i) {
      threads_.push_back(std::make_unique<IoThread>(tick));
    }
    acceptor_.emplace(threads_.front()->io());
    retry_.emplace(threads_.front()->io());
  }
  ~Impl() { Shutdown(absl::ZeroDuration()); }  // NOLINT(bugprone-exception-escape)

  absl::Status Listen() {
    const Options& options = shared_.options;
    boost::system::error_code error;
    const auto address = asio::ip::make_address(options.host, error);
    if (error) {
      return absl::InvalidArgumentError(
          fmt::format("\"{}\" is not a numeric address", options.host));
    }
    const tcp::endpoint endpoint(address, options.port);
    acceptor_->open(endpoint.protocol(), error);
    if (!error) acceptor_->set_option(tcp::acceptor::reuse_address(true), error);
    if (!error) acceptor_->bind(endpoint, error);
    if (!error) acceptor_->listen(asio::socket_base::max_listen_connections, error);
    if (!error) port_ = acceptor_->local_endpoint(error).port();
    if (!error) return absl::OkStatus();
    return absl::UnavailableError(
        fmt::format("cannot listen on {} port {}: {}; check whether the port is free", options.host,
                    options.port, error.message()));
  }

  void Run() {
    asio::co_spawn(threads_.front()->io(), Accept(), asio::detached);
    for (const auto& thread : threads_) thread->Start();
  }

  uint16_t port() const { return port_; }
  int64_t connections() const { return shared_.connections.open(); }

  void Shutdown(absl::Duration grace) {
    absl::call_once(shutdown_, [&] {
      OnThread(*threads_.front(), [this] {
        boost::system::error_code ignored;
        acceptor_->close(ignored);
        retry_->cancel();
      });
      for (const auto& thread : threads_) {
        asio::post(thread->io(), [io_thread = thread.get()] { io_thread->Drain(); });
      }
      shared_.connections.WaitForNone(grace);
      for (const auto& thread : threads_) {
        asio::post(thread->io(), [io_thread = thread.get()] { io_thread->CutAll(); });
      }
      for (const auto& thread : threads_) thread->Join();
    });
  }

 private:
  // Returns when `work` has run. A thread that was never started runs it here.
  template <typename Work>
  void OnThread(IoThread& thread, Work work) {
    if (!thread.started()) return work();
    std::promise<void> done;
    asio::post(thread.io(), [&] {
      work();
      done.set_value();
    });
    done.get_future().wait();
  }

  Awaitable<void> Accept() {
    for (size_t next = 0; acceptor_->is_open(); next = (next + 1) % threads_.size()) {
      IoThread& thread = *threads_[next];
      auto [error, socket] = co_await acceptor_->async_accept(thread.io(), kToTuple);
      if (!error) {
        Adopt(thread, std::move(socket));
      } else if (acceptor_->is_open()) {
        // Descriptors or memory ran out: others may give some back.
        retry_->expires_after(std::chrono::milliseconds(50));
        co_await retry_->async_wait(kToTuple);
      }
    }
  }

  void Adopt(IoThread& thread, tcp::socket socket) {
    if (!shared_.connections.Add()) return;
    auto connection = std::make_shared<Connection>(thread, shared_, std::move(socket),
                                                   tls_ ? &tls_->Current(absl::Now()) : nullptr);
    asio::post(thread.io(), [connection = std::move(connection)] { connection->Start(); });
  }

  SharedState shared_;
  const std::unique_ptr<ServerTls> tls_;  // used by the accepting thread
  std::vector<std::unique_ptr<IoThread>> threads_;
  std::optional<tcp::acceptor> acceptor_;    // of the first thread
  std::optional<asio::steady_timer> retry_;  // of the first thread
  uint16_t port_ = 0;
  absl::once_flag shutdown_;
};

absl::StatusOr<std::unique_ptr<Server>> Server::Start(Options options, Handler handler) try {
  LMSMAIL_RETURN_IF_ERROR(CheckOptions(options));
  LMSMAIL_ASSIGN_OR_RETURN(TrustedProxies proxies, TrustedProxies::Parse(options.trusted_proxies));
  std::unique_ptr<ServerTls> tls;
  if (options.tls) {
    LMSMAIL_ASSIGN_OR_RETURN(tls, ServerTls::Create(*options.tls));
  }
  auto impl = std::make_unique<Impl>(std::move(options), std::move(proxies), std::move(handler),
                                     std::move(tls));
  LMSMAIL_RETURN_IF_ERROR(impl->Listen());
  impl->Run();
  return std::unique_ptr<Server>(new Server(std::move(impl)));
} catch (const std::exception& error) {
  return absl::UnavailableError(fmt::format("cannot start the HTTP server: {}", error.what()));
}

Server::Server(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Server::~Server() = default;

uint16_t Server::port() const { return impl_->port(); }
int64_t Server::connections() const { return impl_->connections(); }
void Server::Shutdown(absl::Duration grace) { impl_->Shutdown(grace); }

}  // namespace lmsmail::http_server
