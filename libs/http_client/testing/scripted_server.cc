#include "libs/http_client/testing/scripted_server.h"

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/write.hpp>

#include <deque>
#include <thread>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/strings/numbers.h"
#include "absl/synchronization/mutex.h"

#include "libs/strings/view.h"

namespace lmsmail::http_client::testing {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;

constexpr std::string_view kLength = "\r\nContent-Length: ";

std::size_t BodyLength(std::string_view head) {
  std::size_t length = 0;
  const std::size_t at = head.find(kLength);
  if (at == std::string_view::npos) return 0;
  head.remove_prefix(at + kLength.size());
  if (!absl::SimpleAtoi(ToAbsl(head.substr(0, head.find('\r'))), &length)) return 0;
  return length;
}

}  // namespace

class ScriptedServer::Impl {
 public:
  explicit Impl(std::vector<Answer> answers)
      : answers_(answers.begin(), answers.end()),
        acceptor_(context_, tcp::endpoint(asio::ip::address_v4::loopback(), 0)),
        thread_([this] { Run(); }) {}

  ~Impl() {
    stopping_ = true;
    error_code error;
    tcp::socket wake(context_);
    wake.connect(acceptor_.local_endpoint(), error);
    {
      absl::MutexLock lock(&mutex_);
      if (open_ != nullptr) open_->shutdown(tcp::socket::shutdown_both, error);
    }
    thread_.join();
  }

  std::uint16_t port() const { return acceptor_.local_endpoint().port(); }
  std::vector<std::string> requests() const {
    absl::MutexLock lock(&mutex_);
    return requests_;
  }
  int connections() const {
    absl::MutexLock lock(&mutex_);
    return connections_;
  }

 private:
  void Run() {
    while (!stopping_) {
      tcp::socket socket(context_);
      error_code error;
      acceptor_.accept(socket, error);
      if (error || stopping_) return;
      {
        absl::MutexLock lock(&mutex_);
        ++connections_;
        open_ = &socket;
      }
      Serve(socket);
      absl::MutexLock lock(&mutex_);
      open_ = nullptr;
    }
  }

  void Serve(tcp::socket& socket) {
    while (!answers_.empty() && HasInput(socket)) {
      const Answer answer = answers_.front();
      answers_.pop_front();
      if (answer.read != Answer::Read::kNothing && !ReadRequest(socket, answer.read)) return;
      error_code error;
      if (answer.hang) {
        char byte = 0;
        asio::read(socket, asio::buffer(&byte, 1), error);
        return;
      }
      asio::write(socket, asio::buffer(answer.bytes), error);
      if (error || answer.close) return;
    }
  }

  // Waits for the first octet of a request.
  static bool HasInput(tcp::socket& socket) {
    error_code error;
    socket.wait(tcp::socket::wait_read, error);
    char byte = 0;
    return !error && socket.receive(asio::buffer(&byte, 1), tcp::socket::message_peek, error) == 1;
  }

  bool ReadRequest(tcp::socket& socket, Answer::Read read) {
    std::string request;
    error_code error;
    const std::size_t head =
        asio::read_until(socket, asio::dynamic_buffer(request), "\r\n\r\n", error);
    if (error) return false;
    if (read == Answer::Read::kRequest) {
      const std::size_t whole = head + BodyLength(request.substr(0, head));
      if (whole > request.size()) {
        asio::read(socket, asio::dynamic_buffer(request),
                   asio::transfer_exactly(whole - request.size()), error);
      }
    }
    absl::MutexLock lock(&mutex_);
    requests_.push_back(std::move(request));
    return !error;
  }

  std::deque<Answer> answers_;  // of the thread
  asio::io_context context_;
  tcp::acceptor acceptor_;
  std::atomic<bool> stopping_ = false;
  mutable absl::Mutex mutex_;
  std::vector<std::string> requests_ ABSL_GUARDED_BY(mutex_);
  int connections_ ABSL_GUARDED_BY(mutex_) = 0;
  tcp::socket* open_ ABSL_GUARDED_BY(mutex_) = nullptr;
  std::thread thread_;  // last: it uses the rest
};

ScriptedServer::ScriptedServer(std::vector<Answer> answers)
    : impl_(std::make_unique<Impl>(std::move(answers))) {}
ScriptedServer::~ScriptedServer() = default;
std::uint16_t ScriptedServer::port() const { return impl_->port(); }
std::string ScriptedServer::url() const { return "http://127.0.0.1:" + std::to_string(port()); }
std::vector<std::string> ScriptedServer::requests() const { return impl_->requests(); }
int ScriptedServer::connections() const { return impl_->connections(); }

}  // namespace lmsmail::http_client::testing
