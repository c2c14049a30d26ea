#include "libs/smtp/handshake.h"

#include <array>
#include <utility>

#include "libs/smtp/auth.h"
#include "libs/smtp/outcome.h"
#include "libs/smtp/printable.h"

namespace lmsmail::smtp {
namespace {

constexpr size_t kMaxGreeting = 512;

std::string_view ServerName(const Options& options) {
  return options.tls.server_name.empty() ? options.host : options.tls.server_name;
}

// Falls back to HELO when the server does not know EHLO (RFC 5321 section 3.2).
Awaitable<absl::Status> SendEhlo(Connection& connection, const Options& options,
                                 Capabilities& capabilities) {
  const absl::Duration timeout = options.timeouts.greeting;
  const std::string ehlo = "EHLO " + options.ehlo_name;
  absl::Status status = co_await SendCommand(connection, ehlo, Command::kEhlo, timeout);
  if (!status.ok()) co_return status;
  if (connection.reply().positive()) {
    capabilities = ParseEhlo(connection.reply().text);
    co_return absl::OkStatus();
  }
  if (!connection.reply().permanent()) co_return ReplyError(Command::kEhlo, connection.reply());

  const std::string helo = "HELO " + options.ehlo_name;
  status = co_await SendCommand(connection, helo, Command::kEhlo, timeout);
  if (!status.ok()) co_return status;
  if (!connection.reply().positive()) co_return ReplyError(Command::kEhlo, connection.reply());
  capabilities = Capabilities();
  co_return absl::OkStatus();
}

Awaitable<absl::Status> UpgradeToTls(Connection& connection, const Options& options,
                                     boost::asio::ssl::context& tls, Capabilities& capabilities) {
  if (!capabilities.starttls) {
    co_return absl::FailedPreconditionError("the server does not offer STARTTLS");
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

Awaitable<absl::Status> Authenticate(Connection& connection, const Options& options,
                                     HandshakeResult& handshake) {
  const Credentials& credentials = *options.credentials;
  const absl::StatusOr<AuthMechanism> mechanism =
      ChooseMechanism(credentials, handshake.capabilities.auth_mechanisms);
  if (!mechanism.ok()) co_return mechanism.status();
  const absl::StatusOr<std::string> secret = ReadSecret(credentials);
  if (!secret.ok()) co_return secret.status();
  const AuthExchange exchange =
      MakeAuthExchange(*mechanism, credentials.username, *secret, options.host, options.port);

  size_t next = 0;
  bool aborted = false;
  while (true) {
    const bool has_next = next < exchange.lines.size();
    const std::string& line = has_next ? exchange.lines[next++] : exchange.abort_line;
    aborted = !has_next;
    const absl::Status status =
        co_await SendCommand(connection, line, Command::kAuth, options.timeouts.greeting);
    if (!status.ok()) co_return status;
    if (connection.reply().code != 334 || aborted) break;
  }
  if (aborted || !connection.reply().positive())
    co_return ReplyError(Command::kAuth, connection.reply());
  handshake.auth_mechanism = MechanismName(*mechanism);
  co_return absl::OkStatus();
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
