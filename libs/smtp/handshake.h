#pragma once

#include <boost/asio/ssl/context.hpp>

#include <string>

#include "absl/status/statusor.h"

#include "libs/smtp/capabilities.h"
#include "libs/smtp/command.h"
#include "libs/smtp/connection.h"
#include "libs/smtp/options.h"

namespace lmsmail::smtp {

// What was negotiated before the first MAIL.
struct HandshakeResult {
  std::string greeting;
  Capabilities capabilities;   // from the last EHLO: those before STARTTLS are void
  std::string auth_mechanism;  // empty without AUTH
};

// Makes a session ready for MAIL: connect, greeting, EHLO, STARTTLS, AUTH. `tls` may be null only
// when options.tls.mode is kNone.
Awaitable<absl::StatusOr<HandshakeResult>> PerformHandshake(Connection& connection,
                                                            const Options& options,
                                                            boost::asio::ssl::context* tls);

// Sends one command line and waits for its reply. Errors name `command`, not the line, which may
// hold a secret.
Awaitable<absl::Status> SendCommand(Connection& connection, std::string_view line, Command command,
                                    absl::Duration timeout);

}  // namespace lmsmail::smtp
