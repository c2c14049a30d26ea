#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>

#include <array>
#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"

#include "libs/smtp/command.h"
#include "libs/smtp/deadline_timer.h"
#include "libs/smtp/dial.h"
#include "libs/smtp/reply_parser.h"
#include "libs/smtp/tls.h"

namespace lmsmail::smtp {

// GCC 12 miscompiles `if (co_await f("literal"))`: await into a variable, then test it.
template <typename T>
using Awaitable = boost::asio::awaitable<T>;

// A byte stream to the server, plain or TLS, with a deadline for every step and a parser for
// replies. Does not know the order of commands. Confined to the io thread; one operation at a time.
//
// Network errors are UNAVAILABLE, a passed deadline is DEADLINE_EXCEEDED, a malformed reply
// INTERNAL, each with its Fault. After any of them the connection can no longer be used.
class Connection final : public DeadlineTimer::Target {
 public:
  Connection(boost::asio::io_context& io, DeadlineTimer& deadline_timer);
  ~Connection() override;
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  // Takes `timeout` for the name and again for each address of it (Dialer).
  Awaitable<absl::Status> Connect(const std::string& host, uint16_t port, absl::Duration timeout);
  // The certificate must be for `name`.
  Awaitable<absl::Status> StartTls(boost::asio::ssl::context& context, const std::string& name,
                                   const TlsOptions& options, absl::Duration timeout);

  // Waits for the next reply and makes it available from reply(). Errors mention `command`.
  Awaitable<absl::Status> ReadReply(Command command, absl::Duration timeout);
  const Reply& reply() const { return parser_.reply(); }
  // Whether bytes have arrived that belong to no reply read so far.
  bool has_unread_input() const { return !unread_.empty(); }

  struct Written {
    absl::Status status;
    size_t bytes = 0;  // certainly no byte after these has been sent
  };
  // Sends `pieces` in as few writes as possible. `timeout` applies to each wait for buffer space.
  Awaitable<Written> Write(std::span<const std::string_view> pieces, absl::Duration timeout);
  // After a failed write: true when a reply has arrived that may explain it, now in reply().
  bool ReadLateReply();

  enum class IdleResult { kWoken, kTimedOut, kClosed };
  // Waits for Wake(), `timeout` or input. A server sends nothing to an idle client except that it
  // closes the connection.
  Awaitable<IdleResult> Idle(absl::Duration timeout);
  void Wake();

  // Unspecified before Connect.
  boost::asio::ip::address local_address() const;
  std::string DescribeTls() { return tls_.has_value() ? smtp::DescribeTls(*tls_) : ""; }
  void Close();

  // DeadlineTimer::Target.
  DeadlineTimer::SteadyTime deadline() const override { return deadline_; }
  void OnDeadline() override;
  void Abort(const absl::Status& reason) override;

 private:
  using ErrorCode = boost::system::error_code;

  void SetDeadline(absl::Duration timeout);
  absl::Status Error(const ErrorCode& error, std::string_view doing) const;
  Awaitable<absl::Status> Resolve(const std::string& host, uint16_t port,
                                  std::vector<boost::asio::ip::tcp::endpoint>& addresses);
  Awaitable<std::tuple<ErrorCode, size_t>> ReadSome();
  // Writes some of `buffers`; waits when the send buffer is full.
  Awaitable<std::tuple<ErrorCode, size_t>> WriteSome(
      std::span<const boost::asio::const_buffer> buffers, absl::Duration timeout);

  DeadlineTimer& deadline_timer_;
  boost::asio::ip::tcp::resolver resolver_;
  Dialer dialer_;
  boost::asio::ip::tcp::socket socket_;
  std::optional<TlsStream> tls_;
  ReplyParser parser_;
  std::array<char, 16 * 1024> input_;
  std::string_view unread_;  // of input_
  std::vector<boost::asio::const_buffer> output_;

  DeadlineTimer::SteadyTime deadline_ = DeadlineTimer::SteadyTime::max();
  absl::Status abort_reason_;
  bool idle_ = false;
  bool woken_ = false;
};

}  // namespace lmsmail::smtp
