#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"

#include "libs/smtp/options.h"

namespace lmsmail::smtp {

std::string_view MechanismName(AuthMechanism mechanism);

// The mechanisms to try, the preferred one first: those that fit the credentials and that the
// server offers, PLAIN before LOGIN for a password, OAUTHBEARER before XOAUTH2 for a token. Not
// empty: a LoginError (outcome.h) when the server offers none.
absl::StatusOr<std::vector<AuthMechanism>> UsableMechanisms(
    const Credentials& credentials, const std::vector<std::string>& offered);

// The password, or what the token file holds now, without line breaks at its end. An unreadable
// file, or one that holds no token, is a LoginError (outcome.h). No error repeats the content.
absl::StatusOr<std::string> ReadSecret(const Credentials& credentials);

// What the client sends in one AUTH exchange (RFC 4954), line by line.
struct AuthExchange {
  std::vector<std::string> lines;  // the AUTH command, then the response to each 334 in order
  // The response to one 334 more than expected. OAuth servers describe an error in such a challenge
  // and reject the login after the response; with other mechanisms it cancels the exchange.
  std::string abort_line;
};

// OAUTHBEARER (RFC 7628) also sends `host` and `port`.
AuthExchange MakeAuthExchange(AuthMechanism mechanism, const std::string& username,
                              const std::string& secret, std::string_view host, uint16_t port);

}  // namespace lmsmail::smtp
