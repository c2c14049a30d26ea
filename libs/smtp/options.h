#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/time/time.h"

namespace lmsmail::smtp {

enum class TlsMode {
  kNone,      // plaintext for the whole session
  kStartTls,  // plaintext until STARTTLS (RFC 3207); fails when the server does not offer it
  kImplicit,  // TLS from the first byte (RFC 8314), usually port 465
};

struct TlsOptions {
  TlsMode mode = TlsMode::kNone;
  std::string ca_file;      // PEM; empty: the system's certificates
  std::string server_name;  // expected in the certificate and sent as SNI; empty: Options::host
  // Encrypts without authenticating the server. Only for tests and for a relay on the same host.
  bool accept_any_certificate = false;
};

enum class AuthMechanism { kPlain, kLogin, kOAuthBearer, kXOAuth2 };

struct Credentials {
  std::string username;
  // Exactly one of the two is given.
  std::string password = "";  // sent with PLAIN or LOGIN
  // Path of a file that holds an OAuth 2.0 access token, sent with OAUTHBEARER or XOAUTH2. The file
  // is read at each login, because access tokens live for about an hour.
  std::string token_file = "";
  // The only mechanism to use. nullopt: the best one that the server offers, and the next best if
  // it refuses that.
  std::optional<AuthMechanism> mechanism = std::nullopt;
};

// How long one step may take. The defaults are those of RFC 5321 section 4.5.3.2. A shorter wait
// after the final dot causes duplicates, because the server may have accepted the mail.
struct Timeouts {
  absl::Duration connect = absl::Seconds(30);    // name resolution, and TCP to each address
  absl::Duration greeting = absl::Minutes(5);    // also each step of TLS and AUTH
  absl::Duration envelope = absl::Minutes(5);    // MAIL, RCPT, RSET
  absl::Duration data = absl::Minutes(2);        // DATA to 354
  absl::Duration data_block = absl::Minutes(3);  // each write of the message
  absl::Duration final_dot = absl::Minutes(10);  // "." to its reply
};

struct Options {
  std::string host;
  uint16_t port = 25;
  TlsOptions tls;
  std::optional<Credentials> credentials;
  // Credentials without TLS are an error otherwise, because the network can read them.
  bool allow_plaintext_credentials = false;
  // Our own fully qualified name or address literal (IsEhloName). Empty: the host's name if it is
  // fully qualified, otherwise the literal of each connection's local address.
  std::string ehlo_name;
  // Sends commands together where the server offers PIPELINING. Some offer it and lose what follows
  // the first command of a packet.
  bool pipelining = true;

  size_t max_connections = 8;
  size_t max_messages_per_connection = 1000;
  absl::Duration idle_timeout = absl::Seconds(60);
  // Mails that wait for a connection; Client::TrySend refuses more.
  size_t max_queued = 4096;
  Timeouts timeouts;
  // Nice value of the client's thread, 1 to 19 (setpriority(2)); 0: that of the creating thread.
  int thread_nice = 0;

  // INVALID_ARGUMENT that names every error.
  absl::Status Validate() const;
};

}  // namespace lmsmail::smtp
