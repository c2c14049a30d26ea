#include "libs/smtp/options.h"

#include <string_view>

#include "libs/smtp/ehlo_name.h"
#include "libs/status/error_details.h"

namespace lmsmail::smtp {
namespace {

constexpr std::string_view kControls("\0\x01\r\n", 4);

bool HasControls(const std::string& text) {
  return text.find_first_of(kControls) != std::string::npos;
}

void CheckCredentials(const Options& options, Violations& violations) {
  if (!options.credentials.has_value()) return;
  const Credentials& credentials = *options.credentials;
  if (credentials.username.empty()) violations.Add("credentials.username", "is required");
  if (credentials.password.empty() == credentials.token_file.empty()) {
    violations.Add("credentials", "must have either a password or a token_file");
  }
  if (HasControls(credentials.username) || HasControls(credentials.password)) {
    violations.Add("credentials", "must hold no control characters");
  }
  const bool needs_token = credentials.mechanism == AuthMechanism::kOAuthBearer ||
                           credentials.mechanism == AuthMechanism::kXOAuth2;
  if (credentials.mechanism.has_value() && needs_token == credentials.token_file.empty()) {
    violations.Add("credentials.mechanism",
                   "must be PLAIN or LOGIN for a password, OAUTHBEARER or XOAUTH2 for a token");
  }
  if (options.tls.mode == TlsMode::kNone && !options.allow_plaintext_credentials) {
    violations.Add("credentials",
                   "would be sent in the clear; use STARTTLS or implicit TLS, or allow plaintext "
                   "credentials when the server is on this host");
  }
}

void CheckTimeouts(const Options& options, Violations& violations) {
  const auto positive = [&](const char* field, absl::Duration value) {
    if (value <= absl::ZeroDuration()) violations.Add(field, "must be positive");
  };
  positive("timeouts.connect", options.timeouts.connect);
  positive("timeouts.greeting", options.timeouts.greeting);
  positive("timeouts.envelope", options.timeouts.envelope);
  positive("timeouts.data", options.timeouts.data);
  positive("timeouts.data_block", options.timeouts.data_block);
  positive("timeouts.final_dot", options.timeouts.final_dot);
  positive("idle_timeout", options.idle_timeout);
}

}  // namespace

absl::Status Options::Validate() const {
  Violations violations;
  if (host.empty()) violations.Add("host", "is required");
  if (port == 0) violations.Add("port", "must be 1 to 65535");
  if (!ehlo_name.empty() && !IsEhloName(ehlo_name)) {
    violations.Add("ehlo_name",
                   "must be a domain such as mail.school.example, or an address literal such as "
                   "[192.0.2.1] or [IPv6:2001:db8::1]");
  }
  if (!tls.server_name.empty() && !IsServerName(tls.server_name)) {
    violations.Add("tls.server_name",
                   "must be a domain such as mail.school.example, or an address");
  }
  if (max_connections == 0) violations.Add("max_connections", "must be at least 1");
  if (max_messages_per_connection == 0) {
    violations.Add("max_messages_per_connection", "must be at least 1");
  }
  if (max_queued == 0) violations.Add("max_queued", "must be at least 1");
  if (thread_nice < 0 || thread_nice > 19) violations.Add("thread_nice", "must be 0 to 19");
  CheckCredentials(*this, violations);
  CheckTimeouts(*this, violations);
  return violations.ToStatus();
}

}  // namespace lmsmail::smtp
