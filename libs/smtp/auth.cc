#include "libs/smtp/auth.h"

#include <fmt/core.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <memory>
#include <system_error>
#include <utility>

#include "absl/strings/escaping.h"
#include "absl/strings/str_replace.h"

#include "libs/secret_file/secret_file.h"
#include "libs/smtp/outcome.h"

namespace lmsmail::smtp {
namespace {

// RFC 5321 section 4.5.3.1.4, without the CRLF.
constexpr size_t kMaxCommandLine = 510;
constexpr size_t kMaxTokenBytes = 64 * 1024;

// Sends the response on the command line, or after the first challenge when the line would be too
// long (RFC 4954 section 4).
AuthExchange WithInitialResponse(std::string_view mechanism, std::string_view response,
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

absl::StatusOr<std::string> ReadToken(const std::string& path) {
  const auto error = [&path](std::string_view problem) {
    return LoginError(fmt::format("the token file {} {}", path, problem));
  };
  if (const absl::Status status = CheckSecretFile(path); !status.ok()) {
    return LoginError(std::string(status.message()));
  }
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> file(std::fopen(path.c_str(), "rb"),
                                                             std::fclose);
  std::string token(kMaxTokenBytes + 1, '\0');
  if (file != nullptr) token.resize(std::fread(token.data(), 1, token.size(), file.get()));
  if (file == nullptr || std::ferror(file.get()) != 0) {
    return error("cannot be read: " + std::generic_category().message(errno));
  }
  while (token.ends_with('\n') || token.ends_with('\r')) token.pop_back();
  if (token.empty()) return error("is empty");
  if (token.size() > kMaxTokenBytes) {
    return error(fmt::format("has more than {} bytes", kMaxTokenBytes));
  }
  // RFC 6750 section 2.1. A control character would end the token within the exchange.
  if (std::any_of(token.begin(), token.end(), [](char c) { return c <= ' ' || c > '~'; })) {
    return error("holds characters that no access token has");
  }
  return token;
}

}  // namespace

std::string_view MechanismName(AuthMechanism mechanism) {
  switch (mechanism) {
    case AuthMechanism::kPlain:
      return "PLAIN";
    case AuthMechanism::kLogin:
      return "LOGIN";
    case AuthMechanism::kOAuthBearer:
      return "OAUTHBEARER";
    case AuthMechanism::kXOAuth2:
      return "XOAUTH2";
  }
  return "";
}

absl::StatusOr<std::vector<AuthMechanism>> UsableMechanisms(
    const Credentials& credentials, const std::vector<std::string>& offered) {
  std::vector<AuthMechanism> wanted = {AuthMechanism::kPlain, AuthMechanism::kLogin};
  if (!credentials.token_file.empty()) {
    wanted = {AuthMechanism::kOAuthBearer, AuthMechanism::kXOAuth2};
  }
  if (credentials.mechanism.has_value()) wanted = {*credentials.mechanism};
  std::vector<AuthMechanism> usable;
  std::vector<std::string_view> names;
  for (const AuthMechanism mechanism : wanted) {
    const std::string_view name = MechanismName(mechanism);
    names.push_back(name);
    if (std::ranges::find(offered, name) != offered.end()) usable.push_back(mechanism);
  }
  if (!usable.empty()) return usable;
  return LoginError(
      fmt::format("the server offers no usable AUTH mechanism: {} is needed, it offers {}",
                  fmt::join(names, " or "),
                  offered.empty() ? "none" : fmt::format("{}", fmt::join(offered, " "))));
}

absl::StatusOr<std::string> ReadSecret(const Credentials& credentials) {
  if (credentials.token_file.empty()) return credentials.password;
  return ReadToken(credentials.token_file);
}

AuthExchange MakeAuthExchange(AuthMechanism mechanism, const std::string& username,
                              const std::string& secret, std::string_view host, uint16_t port) {
  switch (mechanism) {
    case AuthMechanism::kLogin:
      return {{"AUTH LOGIN", absl::Base64Escape(username), absl::Base64Escape(secret)}, "*"};
    case AuthMechanism::kXOAuth2:
      // developers.google.com/gmail/imap/xoauth2-protocol
      return WithInitialResponse("XOAUTH2",
                                 fmt::format("user={}\x01"
                                             "auth=Bearer {}\x01\x01",
                                             username, secret),
                                 "");
    case AuthMechanism::kOAuthBearer:
      // RFC 7628 sections 3.1 and 3.2.3. "AQ==" is the lone control-A that ends a failed exchange.
      return WithInitialResponse("OAUTHBEARER",
                                 fmt::format("n,a={},\x01host={}\x01port={}\x01"
                                             "auth=Bearer {}\x01\x01",
                                             SaslName(username), host, port, secret),
                                 "AQ==");
    case AuthMechanism::kPlain:
      break;
  }
  // RFC 4616, without an authorization identity.
  return WithInitialResponse("PLAIN", '\0' + username + '\0' + secret, "*");
}

}  // namespace lmsmail::smtp
