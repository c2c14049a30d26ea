#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"

#include "libs/smtp/options.h"

namespace lmsmail::smtp {

// The client's half of one AUTH exchange (RFC 4954), ready to be sent line by line.
struct AuthScript {
  std::vector<std::string> lines;  // the AUTH command, then the answer to each 334 in turn
  // The answer to a 334 more than expected, after which the server gives its verdict: OAuth servers
  // put the error's details into such a challenge; to others it cancels the exchange.
  std::string abort_line;
};

std::string_view MechanismName(AuthMechanism mechanism);

// Resolves kAuto against what the server offers; FAILED_PRECONDITION when there is no match.
absl::StatusOr<AuthMechanism> ChooseMechanism(AuthMechanism wanted,
                                              const std::vector<std::string>& offered);

// `mechanism` is not kAuto. `host` and `port` go into OAUTHBEARER (RFC 7628).
AuthScript MakeAuthScript(AuthMechanism mechanism, const Credentials& credentials,
                          std::string_view host, uint16_t port);

}  // namespace lmsmail::smtp
