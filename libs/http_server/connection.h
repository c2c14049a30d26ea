#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/steady_timer.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "absl/time/time.h"

#include "libs/http_server/exchange.h"
#include "libs/http_server/io_thread.h"
#include "libs/http_server/request_parser.h"
#include "libs/http_server/shared_state.h"

namespace lmsmail::http_server {

template <typename T>
using Awaitable = boost::asio::awaitable<T>;

// Serves the requests of one connection, one after the other. Confined to its io thread.
class Connection : public std::enable_shared_from_this<Connection> {
 public:
  using SteadyTime = std::chrono::steady_clock::time_point;

  // `tls` is null for plain text, and used by the constructor only. The others must outlive the
  // connection.
  Connection(IoThread& thread, SharedState& shared, boost::asio::ip::tcp::socket socket,
             boost::asio::ssl::context* tls);
  ~Connection();

  void Start();

  SteadyTime deadline() const { return deadline_; }
  // Cancels what the connection waits for.
  void OnDeadline();
  // Closes an idle connection.
  void Drain();
  void Cut();

 private:
  using ErrorCode = boost::system::error_code;

  enum class Next {
    kServe,  // the next request
    kClose,  // after the client has read what was written
    kCut,
  };
  // One request on its way through the connection, and what the access record says of it.
  struct Transit {
    explicit Transit(Budget& given_budget) : budget(given_budget) {}
    ~Transit() { budget.Return(octets_in); }
    Transit(const Transit&) = delete;
    Transit& operator=(const Transit&) = delete;

    // Takes what the body has grown by from the budget. False if it is used up.
    bool TakeBody();

    Budget& budget;
    const SteadyTime start = std::chrono::steady_clock::now();
    RequestParser parser;
    std::string method;
    std::string route;
    int64_t octets_in = 0;  // of the body; taken from the budget
    int64_t octets_out = 0;
    int status = 0;
  };

  Awaitable<void> Run();
  Awaitable<bool> Handshake();
  // False if the connection is to be closed.
  Awaitable<bool> AwaitRequest();
  Awaitable<Next> ServeRequest(bool last);
  Awaitable<Next> Receive(Transit& transit, bool& received);
  Awaitable<Next> ReceiveHead(Transit& transit, bool& received);
  Awaitable<Next> ReceiveBody(Transit& transit, bool& received);
  Awaitable<Next> Handle(Transit& transit, bool last);
  Awaitable<Next> Refuse(Transit& transit, int status);
  Awaitable<Next> Answer(Transit& transit, Response& response, bool close);
  Awaitable<void> Linger();
  void Record(const Transit& transit) const;

  // Appends to input_. `idle` means that nothing is expected soon.
  Awaitable<ErrorCode> Read(bool idle);
  Awaitable<ErrorCode> ReadPlain(bool idle);
  Awaitable<ErrorCode> ReadTls(bool idle);
  Awaitable<ErrorCode> Write(std::string_view head, std::string_view body);

  std::string_view input() const { return std::string_view(input_).substr(consumed_); }
  void Consume(size_t octets);
  void SetDeadline(absl::Duration timeout);
  void Cancel();

  IoThread& thread_;
  SharedState& shared_;
  boost::asio::ip::tcp::socket socket_;
  std::unique_ptr<boost::asio::ssl::stream<boost::asio::ip::tcp::socket&>> tls_;
  boost::asio::steady_timer answered_;  // expires never; cancelled to end the wait for the handler
  boost::asio::ip::address peer_;
  SteadyTime deadline_ = SteadyTime::max();
  bool expired_ = false;  // the deadline has passed
  bool idle_ = false;
  bool cut_ = false;
  std::string input_;    // received
  size_t consumed_ = 0;  // octets at the front of input_ that were used
};

}  // namespace lmsmail::http_server
