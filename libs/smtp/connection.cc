#include "libs/smtp/connection.h"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <fmt/core.h>

#include "libs/smtp/fault.h"
#include "libs/strings/view.h"

namespace lmsmail::smtp {

namespace asio = boost::asio;
using asio::ip::tcp;

namespace {

constexpr auto kToTuple = asio::as_tuple(asio::use_awaitable);

}  // namespace

Connection::Connection(asio::io_context& io, DeadlineTimer& deadline_timer)
    : deadline_timer_(deadline_timer), resolver_(io), dialer_(io), socket_(io) {
  deadline_timer_.Add(this);
}

Connection::~Connection() { deadline_timer_.Remove(this); }

void Connection::SetDeadline(absl::Duration timeout) {
  deadline_ = timeout == absl::InfiniteDuration()
                  ? DeadlineTimer::SteadyTime::max()
                  : std::chrono::steady_clock::now() + absl::ToChronoNanoseconds(timeout);
}

void Connection::OnDeadline() {
  deadline_ = DeadlineTimer::SteadyTime::max();
  if (idle_) {
    ErrorCode ignored;
    socket_.cancel(ignored);
  } else {
    Abort(absl::DeadlineExceededError("the server took too long"));
  }
}

void Connection::Abort(const absl::Status& reason) {
  if (abort_reason_.ok()) abort_reason_ = reason;
  resolver_.cancel();
  dialer_.Cancel();
  Close();
}

void Connection::Close() {
  ErrorCode ignored;
  socket_.close(ignored);
}

absl::Status Connection::Error(const ErrorCode& error, std::string_view doing) const {
  if (!abort_reason_.ok()) {
    return absl::Status(abort_reason_.code(),
                        fmt::format("{}: {}", doing, ToStd(abort_reason_.message())));
  }
  if (error == asio::error::eof || error == asio::ssl::error::stream_truncated) {
    return WithFault(
        absl::UnavailableError(fmt::format("{}: the server closed the connection", doing)),
        Fault::kClosed);
  }
  return WithFault(absl::UnavailableError(fmt::format("{}: {}", doing, error.message())),
                   FaultOfError(error));
}

Awaitable<absl::Status> Connection::Resolve(const std::string& host, uint16_t port,
                                            std::vector<tcp::endpoint>& addresses) {
  ErrorCode error;
  const asio::ip::address address = asio::ip::make_address(host, error);
  if (!error) {
    addresses.emplace_back(address, port);
    co_return absl::OkStatus();
  }
  const auto [failure, found] = co_await resolver_.async_resolve(
      host, std::to_string(port), tcp::resolver::numeric_service, kToTuple);
  if (failure || !abort_reason_.ok()) co_return Error(failure, "resolving the server's name");
  for (const auto& entry : found) addresses.push_back(entry.endpoint());
  co_return absl::OkStatus();
}

Awaitable<absl::Status> Connection::Connect(const std::string& host, uint16_t port,
                                            absl::Duration timeout) {
  if (!abort_reason_.ok()) co_return Error({}, "connecting");
  SetDeadline(timeout);
  std::vector<tcp::endpoint> addresses;
  absl::Status status = co_await Resolve(host, port, addresses);
  if (!status.ok()) co_return status;
  SetDeadline(absl::InfiniteDuration());
  status = co_await dialer_.Dial(std::move(addresses), {.timeout = timeout}, socket_);
  if (!abort_reason_.ok()) co_return Error({}, "connecting");
  if (!status.ok()) co_return status;
  ErrorCode ignored;
  socket_.set_option(tcp::no_delay(true), ignored);
  socket_.non_blocking(true, ignored);
  co_return absl::OkStatus();
}

asio::ip::address Connection::local_address() const {
  ErrorCode ignored;
  return socket_.local_endpoint(ignored).address();
}

Awaitable<absl::Status> Connection::StartTls(asio::ssl::context& context, const std::string& name,
                                             const TlsOptions& options, absl::Duration timeout) {
  SetDeadline(timeout);
  tls_.emplace(socket_, context);
  absl::Status expected = ExpectServer(name, options, *tls_);
  if (!expected.ok()) co_return expected;
  const auto [error] = co_await tls_->async_handshake(asio::ssl::stream_base::client, kToTuple);
  if (!abort_reason_.ok()) co_return Error(error, "TLS handshake");
  if (error) co_return HandshakeError(error, *tls_);
  co_return absl::OkStatus();
}

Awaitable<std::tuple<Connection::ErrorCode, size_t>> Connection::ReadSome() {
  const auto buffer = asio::buffer(input_);
  return tls_.has_value() ? tls_->async_read_some(buffer, kToTuple)
                          : socket_.async_read_some(buffer, kToTuple);
}

Awaitable<absl::Status> Connection::ReadReply(Command command, absl::Duration timeout) {
  bool waiting = false;
  while (true) {
    switch (parser_.Consume(unread_)) {
      case ReplyParser::State::kReply:
        co_return absl::OkStatus();
      case ReplyParser::State::kMalformed:
        co_return absl::InternalError(
            fmt::format("the response to {} is not an SMTP reply", NameOf(command)));
      case ReplyParser::State::kNeedsMore:
        break;
    }
    if (!waiting) SetDeadline(timeout);  // once: a slow trickle must not extend the deadline
    waiting = true;
    const auto [error, bytes] = co_await ReadSome();
    if (error) co_return Error(error, fmt::format("waiting for the reply to {}", NameOf(command)));
    unread_ = std::string_view(input_.data(), bytes);
  }
}

Awaitable<std::tuple<Connection::ErrorCode, size_t>> Connection::WriteSome(
    std::span<const asio::const_buffer> buffers, absl::Duration timeout) {
  if (tls_.has_value()) {
    SetDeadline(timeout);
    co_return co_await tls_->async_write_some(buffers, kToTuple);
  }
  ErrorCode error;
  size_t bytes = socket_.write_some(buffers, error);
  while (error == asio::error::would_block) {
    SetDeadline(timeout);
    const auto [failure] = co_await socket_.async_wait(tcp::socket::wait_write, kToTuple);
    error = failure;
    if (!error) bytes = socket_.write_some(buffers, error);
  }
  co_return std::make_tuple(error, bytes);
}

Awaitable<Connection::Written> Connection::Write(std::span<const std::string_view> pieces,
                                                 absl::Duration timeout) {
  output_.clear();
  for (const std::string_view piece : pieces) output_.emplace_back(piece.data(), piece.size());

  Written written;
  size_t next = 0;
  while (next < output_.size()) {
    const auto [error, bytes] = co_await WriteSome(std::span(output_).subspan(next), timeout);
    if (error) {
      written.status = Error(error, "writing to the server");
      break;
    }
    written.bytes += bytes;
    size_t left = bytes;
    while (next < output_.size() && left >= output_[next].size()) left -= output_[next++].size();
    if (left > 0) output_[next] += left;
  }
  co_return written;
}

bool Connection::ReadLateReply() {
  if (!socket_.is_open() || tls_.has_value()) return false;
  if (unread_.empty()) {
    ErrorCode error;
    const size_t bytes = socket_.read_some(asio::buffer(input_), error);
    if (error) return false;
    unread_ = std::string_view(input_.data(), bytes);
  }
  return parser_.Consume(unread_) == ReplyParser::State::kReply;
}

Awaitable<Connection::IdleResult> Connection::Idle(absl::Duration timeout) {
  if (has_unread_input()) co_return IdleResult::kClosed;
  SetDeadline(timeout);
  idle_ = true;
  woken_ = false;
  const auto [error, bytes] = co_await ReadSome();
  idle_ = false;
  if (error != asio::error::operation_aborted || !abort_reason_.ok()) co_return IdleResult::kClosed;
  co_return woken_ ? IdleResult::kWoken : IdleResult::kTimedOut;
}

void Connection::Wake() {
  if (!idle_) return;
  woken_ = true;
  ErrorCode ignored;
  socket_.cancel(ignored);
}

}  // namespace lmsmail::smtp
