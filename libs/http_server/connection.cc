#include "libs/http_server/connection.h"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <algorithm>
#include <array>
#include <exception>

#include "absl/cleanup/cleanup.h"

#include "libs/http_server/head_scanner.h"
#include "libs/http_server/serializer.h"

namespace lmsmail::http_server {

namespace asio = boost::asio;
using asio::ip::tcp;

namespace {

constexpr auto kToTuple = asio::as_tuple(asio::use_awaitable);

std::string_view KnownMethod(std::string_view method) {
  constexpr std::array<std::string_view, 9> kKnown = {
      "GET", "POST", "HEAD", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "CONNECT"};
  const auto* const known = std::ranges::find(kKnown, method);
  return known == kKnown.end() ? "other" : *known;
}

}  // namespace

bool Connection::Transit::TakeBody() {
  const int64_t grown = static_cast<int64_t>(parser.request().body.size()) - octets_in;
  if (grown > 0 && !budget.Take(grown)) return false;
  octets_in += grown;
  return true;
}

Connection::Connection(IoThread& thread, SharedState& shared, tcp::socket socket,
                       asio::ssl::context* tls)
    : thread_(thread), shared_(shared), socket_(std::move(socket)), answered_(thread.io()) {
  ErrorCode ignored;
  peer_ = socket_.remote_endpoint(ignored).address();
  socket_.set_option(tcp::no_delay(true), ignored);
  socket_.non_blocking(true, ignored);
  answered_.expires_at(SteadyTime::max());
  if (tls != nullptr) tls_ = std::make_unique<asio::ssl::stream<tcp::socket&>>(socket_, *tls);
}

Connection::~Connection() { shared_.connections.Remove(); }

void Connection::Start() {
  auto self = shared_from_this();
  thread_.Add(self);
  asio::co_spawn(thread_.io(), Run(), [self](const std::exception_ptr&) {
    // An exception means that memory ran out, which ends only this connection.
    self->Cut();
    self->thread_.Remove(self);
  });
}

void Connection::SetDeadline(absl::Duration timeout) {
  expired_ = false;
  deadline_ = std::chrono::steady_clock::now() + absl::ToChronoNanoseconds(timeout);
}

void Connection::Cancel() {
  ErrorCode ignored;
  socket_.cancel(ignored);
  answered_.cancel();
}

void Connection::OnDeadline() {
  deadline_ = SteadyTime::max();
  expired_ = true;
  Cancel();
}

void Connection::Drain() {
  if (idle_) Cut();
}

void Connection::Cut() {
  cut_ = true;
  answered_.cancel();
  ErrorCode ignored;
  socket_.close(ignored);
}

Awaitable<void> Connection::Run() {
  if (thread_.draining()) co_return;
  if (tls_) {
    const bool secure = co_await Handshake();
    if (!secure) co_return;
  }
  Next next = Next::kServe;
  for (int64_t served = 1; next == Next::kServe; ++served) {
    const bool requested = co_await AwaitRequest();
    if (!requested) co_return;
    next = co_await ServeRequest(served >= shared_.options.limits.requests_per_connection);
  }
  if (next == Next::kClose) co_await Linger();
}

Awaitable<bool> Connection::Handshake() {
  idle_ = true;
  SetDeadline(shared_.options.limits.idle_time);
  const auto [error] = co_await tls_->async_handshake(asio::ssl::stream_base::server, kToTuple);
  idle_ = false;
  co_return !error && !cut_;
}

Awaitable<bool> Connection::AwaitRequest() {
  if (!input().empty()) co_return true;
  std::string().swap(input_);
  consumed_ = 0;
  if (thread_.draining()) co_return false;
  idle_ = true;
  SetDeadline(shared_.options.limits.idle_time);
  const ErrorCode error = co_await Read(/*idle=*/true);
  idle_ = false;
  co_return !error && !cut_;
}

Awaitable<Connection::Next> Connection::ServeRequest(bool last) {
  Transit transit(shared_.body_octets);
  bool received = false;
  Next next = co_await Receive(transit, received);
  if (received) next = co_await Handle(transit, last);
  Record(transit);
  co_return next;
}

Awaitable<Connection::Next> Connection::Receive(Transit& transit, bool& received) {
  bool has_head = false;
  Next next = co_await ReceiveHead(transit, has_head);
  if (!has_head) co_return next;

  Request& request = transit.parser.request();
  transit.method = request.method;
  request.client_address =
      shared_.proxies.ClientAddress(peer_, request.headers.Joined("X-Forwarded-For"));
  Admission admission;
  try {
    if (shared_.options.admit) admission = shared_.options.admit(request);
  } catch (...) {
    admission.refusal = Response::Text(500, "Internal Server Error\n");
  }
  if (admission.cut) co_return Next::kCut;
  if (admission.refusal) {
    const bool close = !transit.parser.done() || !transit.parser.persistent();
    next = co_await Answer(transit, *admission.refusal, close);
    co_return next;
  }
  const int too_large =
      transit.parser.SetBodyLimit(admission.body_bytes.value_or(shared_.options.limits.body_bytes));
  if (too_large != 0) {
    next = co_await Refuse(transit, too_large);
    co_return next;
  }
  next = co_await ReceiveBody(transit, received);
  co_return next;
}

Awaitable<Connection::Next> Connection::ReceiveHead(Transit& transit, bool& received) {
  SetDeadline(shared_.options.limits.header_time);
  const auto most = static_cast<size_t>(shared_.options.limits.header_bytes);
  HeadScanner scanner;
  HeadScanner::State state = scanner.Scan(input());
  while (state == HeadScanner::State::kNeedsMore && input().size() <= most) {
    const ErrorCode error = co_await Read(/*idle=*/false);
    if (error) {
      const Next next = co_await Refuse(transit, expired_ ? 408 : 0);
      co_return next;
    }
    state = scanner.Scan(input());
  }
  int status = 0;
  if (state == HeadScanner::State::kMalformed) {
    status = 400;
  } else if (state == HeadScanner::State::kNeedsMore || scanner.size() > most) {
    status = 431;
  } else {
    status = transit.parser.PutHead(input().substr(0, scanner.size()));
    Consume(scanner.size());
  }
  received = status == 0;
  if (received) co_return Next::kServe;
  const Next next = co_await Refuse(transit, status);
  co_return next;
}

Awaitable<Connection::Next> Connection::ReceiveBody(Transit& transit, bool& received) {
  SetDeadline(shared_.options.limits.body_time);
  RequestParser& parser = transit.parser;
  if (!parser.done() && parser.expects_continue() && input().empty()) {
    const ErrorCode error = co_await Write("HTTP/1.1 100 Continue\r\n\r\n", "");
    if (error) co_return Next::kCut;
  }
  int status = 0;
  while (true) {
    size_t consumed = 0;
    status = parser.PutBody(input(), consumed);
    Consume(consumed);
    if (!transit.TakeBody()) status = 503;
    received = status == 0 && parser.done();
    if (received) co_return Next::kServe;
    // Only the line of a chunk's size and the trailer fields can be long and unused.
    if (std::cmp_greater(input().size(), shared_.options.limits.header_bytes)) status = 400;
    if (status != 0) break;
    const ErrorCode error = co_await Read(/*idle=*/false);
    if (!error) continue;
    status = expired_ ? 408 : 0;
    break;
  }
  const Next next = co_await Refuse(transit, status);
  co_return next;
}

Awaitable<Connection::Next> Connection::Handle(Transit& transit, bool last) {
  SetDeadline(shared_.options.limits.handler_time);
  const auto exchange = std::make_shared<Exchange>();
  try {
    shared_.handler(std::move(transit.parser.request()), Responder(exchange));
  } catch (...) {  // NOLINT(bugprone-empty-catch)
    // The responder, which the exception has destroyed, has answered.
  }
  // Whatever happens, the handler does not wake a connection that is gone.
  const absl::Cleanup leave = [&exchange] { exchange->Leave(); };
  bool answered = exchange->Await([self = shared_from_this()] {
    asio::post(self->thread_.io(), [self] { self->answered_.cancel(); });
  });
  while (!answered && !expired_ && !cut_) {
    co_await answered_.async_wait(kToTuple);
    answered = exchange->answered();
  }
  std::optional<Exchange::Answer> answer = exchange->Leave();
  transit.route = exchange->route();
  if (!answer) {
    const Next next = co_await Refuse(transit, cut_ ? 0 : 503);
    co_return next;
  }
  if (!answer->response) co_return Next::kCut;
  const bool close = last || thread_.draining() || !transit.parser.persistent();
  const Next next = co_await Answer(transit, *answer->response, close);
  co_return next;
}

Awaitable<Connection::Next> Connection::Refuse(Transit& transit, int status) {
  if (status == 0) co_return Next::kCut;
  Response response = Response::Text(status, std::string(ReasonPhrase(status)) + "\n");
  const Next next = co_await Answer(transit, response, /*close=*/true);
  co_return next;
}

Awaitable<Connection::Next> Connection::Answer(Transit& transit, Response& response, bool close) {
  SetDeadline(shared_.options.limits.write_time);
  const std::string head = SerializeHead(response, close, shared_.options.headers);
  const bool with_body = transit.method != "HEAD" && MayHaveBody(response.status);
  const std::string_view body = with_body ? std::string_view(response.body) : std::string_view();
  const ErrorCode error = co_await Write(head, body);
  if (error) co_return Next::kCut;
  transit.status = response.status;
  transit.octets_out = static_cast<int64_t>(body.size());
  co_return close ? Next::kClose : Next::kServe;
}

void Connection::Record(const Transit& transit) const {
  if (!shared_.options.on_access) return;
  try {
    shared_.options.on_access(
        {.method = KnownMethod(transit.method),
         .route = transit.route,
         .status = transit.status,
         .duration = absl::FromChrono(std::chrono::steady_clock::now() - transit.start),
         .bytes_in = transit.octets_in,
         .bytes_out = transit.octets_out});
  } catch (...) {  // NOLINT(bugprone-empty-catch)
    // A request does not fail because it could not be recorded.
  }
}

Awaitable<void> Connection::Linger() {
  SetDeadline(shared_.options.limits.linger_time);
  if (tls_) co_await tls_->async_shutdown(kToTuple);
  ErrorCode error;
  socket_.shutdown(tcp::socket::shutdown_send, error);
  while (!expired_ && !error) {
    const auto [failure] = co_await socket_.async_wait(tcp::socket::wait_read, kToTuple);
    error = failure;
    if (!error) socket_.read_some(asio::buffer(thread_.scratch()), error);
    if (error == asio::error::would_block) error = {};
  }
}

Awaitable<Connection::ErrorCode> Connection::Read(bool idle) {
  if (expired_) co_return asio::error::timed_out;
  input_.erase(0, std::exchange(consumed_, 0));
  const ErrorCode error = tls_ ? co_await ReadTls(idle) : co_await ReadPlain(idle);
  co_return error;
}

Awaitable<Connection::ErrorCode> Connection::ReadPlain(bool idle) {
  bool wait = idle;
  while (true) {
    if (wait) {
      const auto [failure] = co_await socket_.async_wait(tcp::socket::wait_read, kToTuple);
      if (failure) co_return failure;
    }
    ErrorCode error;
    const size_t octets = socket_.read_some(asio::buffer(thread_.scratch()), error);
    wait = error == asio::error::would_block;
    if (wait) continue;
    if (!error) input_.append(thread_.scratch().data(), octets);
    co_return error;
  }
}

Awaitable<Connection::ErrorCode> Connection::ReadTls(bool idle) {
  // A read that waits needs a buffer of its own; while idle, it is the string's inline one.
  constexpr size_t kRecord = 16 << 10;
  const size_t before = input_.size();
  input_.resize(before + (idle ? 1 : kRecord));
  const auto [error, octets] = co_await tls_->async_read_some(
      asio::buffer(input_.data() + before, input_.size() - before), kToTuple);
  input_.resize(before + octets);
  co_return error;
}

Awaitable<Connection::ErrorCode> Connection::Write(std::string_view head, std::string_view body) {
  size_t written = 0;
  while (written < head.size() + body.size()) {
    if (expired_) co_return asio::error::timed_out;
    const std::string_view left = head.substr(std::min(written, head.size()));
    const std::string_view left_body =
        body.substr(written > head.size() ? written - head.size() : 0);
    const std::array<asio::const_buffer, 2> buffers = {
        asio::buffer(left.data(), left.size()), asio::buffer(left_body.data(), left_body.size())};
    ErrorCode error;
    size_t octets = 0;
    if (tls_) {
      std::tie(error, octets) = co_await tls_->async_write_some(buffers, kToTuple);
    } else {
      octets = socket_.write_some(buffers, error);
      if (error == asio::error::would_block) {
        const auto [failure] = co_await socket_.async_wait(tcp::socket::wait_write, kToTuple);
        error = failure;
      }
    }
    if (error) co_return error;
    written += octets;
  }
  co_return ErrorCode();
}

void Connection::Consume(size_t octets) {
  consumed_ += octets;
  if (consumed_ < input_.size()) return;
  input_.clear();
  consumed_ = 0;
}

}  // namespace lmsmail::http_server
