#include "libs/smtp/auth.h"

#include <fmt/core.h>

#include <algorithm>

#include "absl/strings/escaping.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"

namespace lmsmail::smtp {
namespace {

// RFC 5321 section 4.5.3.1.4, without the CRLF.
constexpr size_t kMaxCommandLine = 510;

// AUTH with the response in the same line, or, when that would be too long, after the first
// challenge (RFC 4954 section 4).
AuthScript WithInitialResponse(std::string_view mechanism, std::string_view response,
                               std::string abort_line) {
  std::string encoded = absl::Base64Escape({response.data(), response.size()});
  std::string command = fmt::format("AUTH {} {}", mechanism, encoded);
  if (command.size() <= kMaxCommandLine) return {{std::move(command)}, std::move(abort_line)};
  return {{fmt::format("AUTH {}", mechanism), std::move(encoded)}, std::move(abort_line)};
}

// RFC 5801 section 4 saslname.
std::string SaslName(const std::string& name) {
  return absl::StrReplaceAll(name, {{"=", "=3D"}, {",", "=2C"}});
}

}  // namespace

std::string_view MechanismName(AuthMechanism mechanism) {
  switch (mechanism) {
    case AuthMechanism::kAuto:
      return "automatic";
    case AuthMechanism::kPlain:
      return "PLAIN";
    case AuthMechanism::kLogin:
      return "LOGIN";
    case AuthMechanism::kXOAuth2:
      return "XOAUTH2";
    case AuthMechanism::kOAuthBearer:
      return "OAUTHBEARER";
  }
  return "";
}

absl::StatusOr<AuthMechanism> ChooseMechanism(AuthMechanism wanted,
                                              const std::vector<std::string>& offered) {
  const auto is_offered = [&](AuthMechanism mechanism) {
    return std::find(offered.begin(), offered.end(), MechanismName(mechanism)) != offered.end();
  };
  if (wanted != AuthMechanism::kAuto) {
    if (is_offered(wanted)) return wanted;
  } else {
    for (const AuthMechanism mechanism : {AuthMechanism::kPlain, AuthMechanism::kLogin}) {
      if (is_offered(mechanism)) return mechanism;
    }
  }
  return absl::FailedPreconditionError(
      fmt::format("the server offers no matching AUTH mechanism: wanted {}, offered {}",
                  wanted == AuthMechanism::kAuto ? "PLAIN or LOGIN" : MechanismName(wanted),
                  offered.empty() ? "none" : absl::StrJoin(offered, " ")));
}

AuthScript MakeAuthScript(AuthMechanism mechanism, const Credentials& credentials,
                          std::string_view host, uint16_t port) {
  const std::string& user = credentials.username;
  const std::string& secret = credentials.secret;
  switch (mechanism) {
    case AuthMechanism::kLogin:
      return {{"AUTH LOGIN", absl::Base64Escape(user), absl::Base64Escape(secret)}, "*"};
    case AuthMechanism::kXOAuth2:
      // developers.google.com/gmail/imap/xoauth2-protocol
      return WithInitialResponse("XOAUTH2",
                                 fmt::format("user={}\x01"
                                             "auth=Bearer {}\x01\x01",
                                             user, secret),
                                 "");
    case AuthMechanism::kOAuthBearer:
      // RFC 7628 sections 3.1 and 3.2.3; "AQ==" is the lone control-A that ends a failed exchange.
      return WithInitialResponse("OAUTHBEARER",
                                 fmt::format("n,a={},\x01host={}\x01port={}\x01"
                                             "auth=Bearer {}\x01\x01",
                                             SaslName(user), host, port, secret),
                                 "AQ==");
    case AuthMechanism::kAuto:
    case AuthMechanism::kPlain:
      break;
  }
  // RFC 4616, no authorization identity.
  return WithInitialResponse("PLAIN", std::string(1, '\0') + user + std::string(1, '\0') + secret,
                             "*");
}

}  // namespace lmsmail::smtp
