#include "libs/smtp/testing/scripted_server.h"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <deque>
#include <thread>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"

#include "libs/smtp/testing/scripted_connection.h"
#include "libs/testing/certificates.h"

namespace lmsmail::smtp::testing {

namespace asio = boost::asio;
using asio::ip::tcp;

namespace {

constexpr auto kToTuple = asio::as_tuple(asio::use_awaitable);
constexpr size_t kSteps = static_cast<size_t>(Step::kUnknown) + 1;

std::string WriteToTemporaryFile(const std::string& contents) {
  std::string path = "/tmp/lmsmail_smtp_ca_XXXXXX";
  const int file = mkstemp(path.data());
  if (file < 0 ||
      write(file, contents.data(), contents.size()) != static_cast<ssize_t>(contents.size())) {
    std::perror("writing the test certificate");
    std::abort();
  }
  close(file);
  return path;
}

}  // namespace

class ScriptedServer::Impl final : public Script {
 public:
  explicit Impl(ServerOptions options)
      : options_(std::move(options)),
        acceptor_(io_, tcp::endpoint(asio::ip::address_v4::loopback(), 0)) {
    if (options_.tls != TlsMode::kNone) {
      const Certificate certificate = MakeSelfSignedCertificate();
      tls_.use_certificate_chain(asio::buffer(certificate.certificate_pem));
      tls_.use_private_key(asio::buffer(certificate.private_key_pem), asio::ssl::context::pem);
      ca_file_ = WriteToTemporaryFile(certificate.certificate_pem);
    }
    asio::co_spawn(io_, Accept(), asio::detached);
    thread_ = std::thread([this] { io_.run(); });
  }

  ~Impl() override {  // NOLINT(bugprone-exception-escape)
    asio::post(io_, [this] {
      acceptor_.close();
      for (auto& connection : connections_) connection->Close();
      for (asio::steady_timer* held : held_) held->cancel();
    });
    thread_.join();
    if (!ca_file_.empty()) unlink(ca_file_.c_str());
  }

  uint16_t port() const { return acceptor_.local_endpoint().port(); }
  const std::string& ca_file() const { return ca_file_; }

  void Inject(Injection injection) {
    absl::MutexLock lock(&mutex_);
    injections_.push_back(std::move(injection));
  }
  void Release() {
    asio::post(io_, [this] {
      if (held_.empty()) {
        ++early_releases_;
      } else {
        held_.front()->cancel();
        held_.pop_front();
      }
    });
  }
  void DisconnectAll() {
    asio::post(io_, [this] {
      for (auto& connection : connections_) connection->Close();
    });
  }

  bool WaitFor(Step step, size_t count, absl::Duration timeout) const {
    absl::MutexLock lock(&mutex_);
    const auto reached = [&] { return counts_[static_cast<size_t>(step)] >= count; };
    return mutex_.AwaitWithTimeout(absl::Condition(&reached), timeout);
  }
  size_t Count(Step step) const {
    absl::MutexLock lock(&mutex_);
    return counts_[static_cast<size_t>(step)];
  }
  std::vector<ReceivedMail> received() const {
    absl::MutexLock lock(&mutex_);
    return received_;
  }
  std::vector<std::string> commands() const {
    absl::MutexLock lock(&mutex_);
    return commands_;
  }

  // Script.
  const ServerOptions& options() const override { return options_; }
  asio::ssl::context& tls() override { return tls_; }
  std::optional<Injection> OnStep(Step step, std::string_view line) override {
    absl::MutexLock lock(&mutex_);
    ++counts_[static_cast<size_t>(step)];
    if (options_.records && !line.empty()) commands_.emplace_back(line);
    const auto found =
        std::find_if(injections_.begin(), injections_.end(), [&](const Injection& injection) {
          return injection.at == step && line.find(injection.matching) != std::string_view::npos;
        });
    if (found == injections_.end()) return std::nullopt;
    Injection injection = *found;
    if (!injection.every_time) injections_.erase(found);
    return injection;
  }
  asio::awaitable<void> Hold() override {
    if (early_releases_ > 0) {
      --early_releases_;
      co_return;
    }
    asio::steady_timer timer(io_, asio::steady_timer::time_point::max());
    held_.push_back(&timer);
    co_await timer.async_wait(kToTuple);
    std::erase(held_, &timer);
  }
  void Record(ReceivedMail mail) override {
    if (!options_.records) return;
    absl::MutexLock lock(&mutex_);
    received_.push_back(std::move(mail));
  }

 private:
  asio::awaitable<void> Accept() {
    while (acceptor_.is_open()) {
      auto [error, socket] = co_await acceptor_.async_accept(kToTuple);
      if (error) co_return;
      auto connection = std::make_shared<ScriptedConnection>(std::move(socket), ++accepted_, *this);
      connections_.push_back(connection);
      asio::co_spawn(io_, connection->Run(), [this, connection](std::exception_ptr) {
        std::erase(connections_, connection);
      });
    }
  }

  const ServerOptions options_;
  asio::ssl::context tls_{asio::ssl::context::tls_server};
  std::string ca_file_;
  asio::io_context io_{1};
  tcp::acceptor acceptor_;
  std::thread thread_;

  // Confined to the io thread.
  size_t accepted_ = 0;
  std::vector<std::shared_ptr<ScriptedConnection>> connections_;
  std::deque<asio::steady_timer*> held_;
  size_t early_releases_ = 0;  // calls of Release() while nothing was held

  mutable absl::Mutex mutex_;
  std::vector<Injection> injections_ ABSL_GUARDED_BY(mutex_);
  std::array<size_t, kSteps> counts_ ABSL_GUARDED_BY(mutex_) = {};
  std::vector<ReceivedMail> received_ ABSL_GUARDED_BY(mutex_);
  std::vector<std::string> commands_ ABSL_GUARDED_BY(mutex_);
};

ScriptedServer::ScriptedServer(ServerOptions options)
    : impl_(std::make_unique<Impl>(std::move(options))) {}
ScriptedServer::~ScriptedServer() = default;

uint16_t ScriptedServer::port() const { return impl_->port(); }
const std::string& ScriptedServer::ca_file() const { return impl_->ca_file(); }

Options ScriptedServer::ClientOptions() const {
  Options options;
  options.host = "127.0.0.1";
  options.port = port();
  options.tls.mode = impl_->options().tls;
  options.tls.ca_file = ca_file();
  options.ehlo_name = "client.test";
  options.max_connections = 1;
  return options;
}

void ScriptedServer::Inject(Injection injection) { impl_->Inject(std::move(injection)); }
void ScriptedServer::Release() { impl_->Release(); }
void ScriptedServer::DisconnectAll() { impl_->DisconnectAll(); }
bool ScriptedServer::WaitFor(Step step, size_t count, absl::Duration timeout) const {
  return impl_->WaitFor(step, count, timeout);
}
size_t ScriptedServer::Count(Step step) const { return impl_->Count(step); }
std::vector<ReceivedMail> ScriptedServer::received() const { return impl_->received(); }
std::vector<std::string> ScriptedServer::commands() const { return impl_->commands(); }

}  // namespace lmsmail::smtp::testing
