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
  kStartTls,  // plaintext until STARTTLS (RFC 3207); a server without it is refused, never used in
              // the clear
  kImplicit,  // TLS from the first byte (RFC 8314), usually port 465
};

struct TlsOptions {
  TlsMode mode = TlsMode::kNone;
  std::string ca_file;      // PEM; empty: the system's store
  std::string server_name;  // expected in the certificate and sent as SNI; empty: Options::host
  // Encrypts without knowing to whom. For tests and for a relay on the same host only.
  bool accept_any_certificate = false;
};

enum class AuthMechanism {
  kAuto,  // PLAIN when offered, else LOGIN
  kPlain,
  kLogin,
  kXOAuth2,
  kOAuthBearer,
};

struct Credentials {
  AuthMechanism mechanism = AuthMechanism::kAuto;
  std::string username;
  std::string secret;  // the password; for XOAUTH2 and OAUTHBEARER the access token
};

// How long one step may take. The defaults are RFC 5321 section 4.5.3.2's: a shorter wait after the
// final dot makes duplicates, because the server may have accepted the mail.
struct Timeouts {
  absl::Duration connect = absl::Seconds(30);    // name resolution and TCP
  absl::Duration greeting = absl::Minutes(5);    // also each step of TLS and AUTH
  absl::Duration envelope = absl::Minutes(5);    // MAIL, RCPT, RSET
  absl::Duration data = absl::Minutes(2);        // DATA to 354
  absl::Duration data_block = absl::Minutes(3);  // each write of the message
  absl::Duration final_dot = absl::Minutes(10);  // "." to its answer
};

struct Options {
  std::string host;
  uint16_t port = 25;
  TlsOptions tls;
  std::optional<Credentials> credentials;
  // Without TLS credentials are refused, for anyone on the way can read them.
  bool allow_plaintext_credentials = false;
  std::string ehlo_name;  // our own fully qualified name or address literal

  size_t max_connections = 8;
  size_t max_messages_per_connection = 1000;
  absl::Duration idle_timeout = absl::Seconds(60);
  // Mails waiting for a connection; Client::TrySend refuses more.
  size_t max_queued = 4096;
  Timeouts timeouts;
  // Of the client's thread, 0 to 19 (setpriority(2)); 0: as the thread that makes the client.
  int thread_nice = 0;

  // INVALID_ARGUMENT naming every fault.
  absl::Status Validate() const;
};

}  // namespace lmsmail::smtp
