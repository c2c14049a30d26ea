#include "libs/smtp/handshake.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <optional>
#include <utility>
#include <vector>

#include "libs/smtp/auth.h"
#include "libs/smtp/ehlo_name.h"
#include "libs/smtp/fault.h"
#include "libs/smtp/outcome.h"
#include "libs/smtp/printable.h"

namespace lmsmail::smtp {
namespace {

constexpr size_t kMaxGreeting = 512;
// Each refused exchange counts as a failed login, and servers lock accounts after a few.
constexpr size_t kMaxAuthExchanges = 2;

// Without the dot that may end a fully qualified host: certificates have none.
std::string_view ServerName(const Options& options) {
  std::string_view name = options.tls.server_name.empty() ? options.host : options.tls.server_name;
  if (name.ends_with('.')) name.remove_suffix(1);
  return name;
}

std::string EhloName(const Connection& connection, const Options& options) {
  return options.ehlo_name.empty() ? DefaultEhloName(HostName(), connection.local_address())
                                   : options.ehlo_name;
}

// Falls back to HELO when the server does not know EHLO (RFC 5321 section 3.2).
Awaitable<absl::Status> SendEhlo(Connection& connection, const Options& options,
                                 Capabilities& capabilities) {
  const absl::Duration timeout = options.timeouts.greeting;
  const std::string name = EhloName(connection, options);
  const std::string ehlo = "EHLO " + name;
  absl::Status status = co_await SendCommand(connection, ehlo, Command::kEhlo, timeout);
  if (!status.ok()) co_return status;
  if (connection.reply().positive()) {
    capabilities = ParseEhlo(connection.reply().text);
    if (!options.pipelining) capabilities.pipelining = false;
    co_return absl::OkStatus();
  }
  if (!connection.reply().permanent()) co_return ReplyError(Command::kEhlo, connection.reply());

  const std::string helo = "HELO " + name;
  status = co_await SendCommand(connection, helo, Command::kEhlo, timeout);
  if (!status.ok()) co_return status;
  if (!connection.reply().positive()) co_return ReplyError(Command::kEhlo, connection.reply());
  capabilities = Capabilities();
  co_return absl::OkStatus();
}

Awaitable<absl::Status> UpgradeToTls(Connection& connection, const Options& options,
                                     boost::asio::ssl::context& tls, Capabilities& capabilities) {
  if (!capabilities.starttls) {
    co_return WithFault(absl::FailedPreconditionError("the server does not offer STARTTLS"),
                        Fault::kStartTlsNotOffered);
  }
  const absl::Duration timeout = options.timeouts.greeting;
  absl::Status status = co_await SendCommand(connection, "STARTTLS", Command::kStartTls, timeout);
  if (!status.ok()) co_return status;
  if (connection.reply().code != 220) co_return ReplyError(Command::kStartTls, connection.reply());
  // An attacker injects plaintext here so that it is read as if it had arrived under TLS
  // (CVE-2011-0411).
  if (connection.has_unread_input()) {
    co_return absl::InternalError("plaintext followed the server's answer to STARTTLS");
  }
  const std::string name(ServerName(options));
  status = co_await connection.StartTls(tls, name, options.tls, timeout);
  if (!status.ok()) co_return status;
  co_return co_await SendEhlo(connection, options, capabilities);
}

// One AUTH exchange.
Awaitable<absl::Status> LogIn(Connection& connection, const AuthExchange& exchange,
                              absl::Duration timeout) {
  size_t next = 0;
  bool aborted = false;
  while (true) {
    const bool has_next = next < exchange.lines.size();
    const std::string& line = has_next ? exchange.lines[next++] : exchange.abort_line;
    aborted = !has_next;
    const absl::Status status = co_await SendCommand(connection, line, Command::kAuth, timeout);
    if (!status.ok()) co_return status;
    if (connection.reply().code != 334 || aborted) break;
  }
  if (aborted || !connection.reply().positive()) {
    co_return ReplyError(Command::kAuth, connection.reply());
  }
  co_return absl::OkStatus();
}

// Whether another mechanism may work: the server refused for good, and not for want of TLS (530).
bool MayTryAnother(const absl::Status& status) {
  const std::optional<CommandReply> refused = ReplyOf(status);
  return refused && refused->reply.permanent() && refused->reply.code != 530;
}

// Which of two refusals to report. A connection that ended after the first says nothing, and a
// refused password says more than a mechanism that the server does not know.
absl::Status MoreTelling(absl::Status first, absl::Status second) {
  const auto code = [](const absl::Status& status) {
    const std::optional<CommandReply> refused = ReplyOf(status);
    return refused ? refused->reply.code : 0;
  };
  const bool keep_first = code(second) == 0 || (code(first) == 535 && code(second) != 535);
  return keep_first ? first : second;
}

Awaitable<absl::Status> Authenticate(Connection& connection, const Options& options,
                                     HandshakeResult& handshake) {
  const Credentials& credentials = *options.credentials;
  const absl::StatusOr<std::vector<AuthMechanism>> mechanisms =
      UsableMechanisms(credentials, handshake.capabilities.auth_mechanisms);
  if (!mechanisms.ok()) co_return mechanisms.status();
  const absl::StatusOr<std::string> secret = ReadSecret(credentials);
  if (!secret.ok()) co_return secret.status();

  absl::Status refusal;
  for (size_t i = 0; i < std::min(mechanisms->size(), kMaxAuthExchanges); ++i) {
    const AuthMechanism mechanism = (*mechanisms)[i];
    const AuthExchange exchange =
        MakeAuthExchange(mechanism, credentials.username, *secret, options.host, options.port);
    const absl::Status status = co_await LogIn(connection, exchange, options.timeouts.greeting);
    if (status.ok()) {
      handshake.auth_mechanism = MechanismName(mechanism);
      co_return status;
    }
    refusal = refusal.ok() ? status : MoreTelling(refusal, status);
    if (!MayTryAnother(status)) break;
  }
  co_return refusal;
}

Awaitable<absl::Status> Negotiate(Connection& connection, const Options& options,
                                  boost::asio::ssl::context* tls, HandshakeResult& handshake) {
  const Timeouts& timeouts = options.timeouts;
  absl::Status status = co_await connection.Connect(options.host, options.port, timeouts.connect);
  if (!status.ok()) co_return status;
  if (options.tls.mode == TlsMode::kImplicit) {
    const std::string name(ServerName(options));
    status = co_await connection.StartTls(*tls, name, options.tls, timeouts.greeting);
    if (!status.ok()) co_return status;
  }
  status = co_await connection.ReadReply(Command::kConnect, timeouts.greeting);
  if (!status.ok()) co_return status;
  if (connection.reply().code != 220) co_return ReplyError(Command::kConnect, connection.reply());
  handshake.greeting = Printable(connection.reply().text, kMaxGreeting);

  status = co_await SendEhlo(connection, options, handshake.capabilities);
  if (!status.ok()) co_return status;
  if (options.tls.mode == TlsMode::kStartTls) {
    status = co_await UpgradeToTls(connection, options, *tls, handshake.capabilities);
    if (!status.ok()) co_return status;
  }
  if (options.credentials.has_value()) {
    status = co_await Authenticate(connection, options, handshake);
  }
  co_return status;
}

}  // namespace

Awaitable<absl::StatusOr<HandshakeResult>> PerformHandshake(Connection& connection,
                                                            const Options& options,
                                                            boost::asio::ssl::context* tls) {
  HandshakeResult handshake;
  absl::Status status = co_await Negotiate(connection, options, tls, handshake);
  if (!status.ok()) co_return status;
  co_return handshake;
}

Awaitable<absl::Status> SendCommand(Connection& connection, std::string_view line, Command command,
                                    absl::Duration timeout) {
  const std::array<std::string_view, 2> pieces = {line, "\r\n"};
  const Connection::Written written = co_await connection.Write(pieces, timeout);
  if (!written.status.ok()) co_return written.status;
  co_return co_await connection.ReadReply(command, timeout);
}

}  // namespace lmsmail::smtp
