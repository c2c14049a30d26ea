#pragma once

#include <boost/asio/ssl/context.hpp>

#include <string>

#include "absl/status/statusor.h"

#include "libs/smtp/capabilities.h"
#include "libs/smtp/connection.h"
#include "libs/smtp/options.h"

namespace lmsmail::smtp {

// What a server agreed to before the first MAIL.
struct HandshakeResult {
  std::string greeting;
  Capabilities capabilities;   // as last announced: after STARTTLS earlier ones do not count
  std::string auth_mechanism;  // empty without AUTH
};

// From nothing to ready for MAIL: connect, greeting, EHLO, STARTTLS, AUTH. `tls` may be null only
// when options.tls.mode is kNone.
Awaitable<absl::StatusOr<HandshakeResult>> PerformHandshake(Connection& connection,
                                                            const Options& options,
                                                            boost::asio::ssl::context* tls);

// Writes one command line and waits for its reply.
Awaitable<absl::Status> Command(Connection& connection, std::string_view line,
                                std::string_view name, absl::Duration timeout);

}  // namespace lmsmail::smtp
