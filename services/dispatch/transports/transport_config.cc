#include "services/dispatch/transports/transport_config.h"

#include <fmt/format.h>
#include <unistd.h>

#include <cstdio>
#include <utility>

#include "libs/address/email_address.h"
#include "libs/status/status_macros.h"
#include "libs/telemetry/log_format.h"
#include "services/dispatch/transports/circuit_breaker.h"
#include "services/dispatch/transports/console_transport.h"
#include "services/dispatch/transports/rate_config.h"

namespace lmsmail::dispatch {

std::string HostName() {
  char name[256] = {};
  return gethostname(name, sizeof name - 1) == 0 ? name : "unknown";
}

void CheckAddress(const std::string& address, std::string field, Violations& violations) {
  if (address.empty()) return;
  const auto parsed = address::ParseEmailAddress(address);
  if (!parsed.ok()) violations.Add(std::move(field), std::string(parsed.status().message()));
}

void TransportConfig::Declare(config::Group keys) {
  keys.Enum("kind", &kind, {{"console", Kind::kConsole}, {"smtp", Kind::kSmtp}},
            "How mail is delivered; console prints it instead.");
  keys.String("host", &host, "The mail server.");
  keys.Int32("port", &port, "The mail server's port.", {1, 65535});
  keys.Enum("tls", &tls,
            {{"none", smtp::TlsMode::kNone},
             {"starttls", smtp::TlsMode::kStartTls},
             {"implicit", smtp::TlsMode::kImplicit}},
            "How the connection is encrypted; starttls refuses a server that does not offer it.");
  keys.String("ca_file", &ca_file, "PEM file of the authorities to trust; empty: the system's.");
  DeclareLogin(keys);
  keys.String("ehlo_name", &ehlo_name,
              "Our fully qualified name for EHLO; empty: the host's name.");
  keys.Int32("max_connections", &max_connections,
             "Connections at a time; a quarter of them is reserved for urgent mail.", {2, 500});
  keys.Int32("shared_connections", &shared_connections,
             "Connections at a time of all replicas together; 0: max_connections of each. Less "
             "than one for each replica leaves some without any.",
             {0, 10'000});
  keys.Int32("max_messages_per_connection", &max_messages_per_connection,
             "Mails after which a connection is replaced.", {1, 1'000'000});
  DeclareRate(keys, "the transport", rate);
  keys.String("from", &from, "From address; empty: the service's.");
  keys.String("from_name", &from_name, "From name; empty: the service's.");
  keys.String("reply_to", &reply_to, "Address for replies; empty: From.");
  keys.String("envelope_from", &envelope_from, "Address for bounces; empty: From.");
  dkim.Declare(keys.Sub("dkim"));

  config::Group breaker = keys.Sub("circuit_breaker");
  const config::Range<absl::Duration> open_times{absl::Seconds(1), absl::Hours(24)};
  breaker.Int32("refusals", &circuit_breaker.refusals,
                "Refusals of us (5.7.x) within a minute that open the circuit breaker; a refused "
                "login or a used up quota opens it at once.",
                {1, 1'000'000});
  breaker.Duration("min_open_time", &circuit_breaker.min_open_time,
                   "How long the breaker stays open at first; doubles while we are refused.",
                   open_times);
  breaker.Duration("max_open_time", &circuit_breaker.max_open_time,
                   "The longest time that the breaker stays open.", open_times);
  breaker.Duration("quota_open_time", &circuit_breaker.quota_open_time,
                   "How long the breaker stays open at first when a sending quota is used up; "
                   "doubles up to six times as long.",
                   open_times);
}

void TransportConfig::DeclareLogin(config::Group keys) {
  keys.String("username", &username, "Name to log in with; empty: no login.");
  keys.Secret("password", &password, "The password.");
  keys.String("token_file", &token_file,
              "Path of a file with an OAuth 2.0 access token, instead of a password; it is read "
              "again at each login.");
  keys.Bool("allow_plaintext_credentials", &allow_plaintext_credentials,
            "Logs in without TLS, readable by everyone on the network.");
}

void TransportConfig::Check(std::string_view prefix, const std::string& service_from,
                            Violations& violations) const {
  const auto key = [&](std::string_view last) { return fmt::format("{}{}", prefix, last); };
  CheckAddress(from, key("from"), violations);
  CheckAddress(reply_to, key("reply_to"), violations);
  CheckAddress(envelope_from, key("envelope_from"), violations);
  dkim.Check(prefix, violations);
  if (!dkim.empty() && !dkim.Covers(FromOr(service_from))) {
    violations.Add(key("dkim.domain"),
                   "must be the domain of From or a parent of it: no other signature counts for "
                   "the mail");
  }
  if (kind != Kind::kSmtp) return;
  if (host.empty()) violations.Add(key("host"), "is required for a transport of kind smtp");
  CheckLogin(prefix, violations);
  if (circuit_breaker.max_open_time < circuit_breaker.min_open_time) {
    violations.Add(key("circuit_breaker.max_open_time"), "must not be shorter than min_open_time");
  }
}

void TransportConfig::CheckLogin(std::string_view prefix, Violations& violations) const {
  const auto key = [&](std::string_view last) { return fmt::format("{}{}", prefix, last); };
  if (!password.empty() && !token_file.empty()) {
    violations.Add(key("token_file"), "and password_file exclude each other");
  } else if (username.empty() != (password.empty() && token_file.empty())) {
    violations.Add(key("username"), "and one of password_file and token_file require each other");
  }
  if (!username.empty() && tls == smtp::TlsMode::kNone && !allow_plaintext_credentials) {
    violations.Add(key("tls"),
                   "would send the password or token in the clear: use starttls or implicit, or "
                   "set allow_plaintext_credentials");
  }
}

smtp::Options TransportConfig::ToSmtp(std::int32_t max_queued) const {
  smtp::Options options;
  options.host = host;
  options.port = static_cast<std::uint16_t>(port);
  options.tls.mode = tls;
  options.tls.ca_file = ca_file;
  if (!username.empty()) {
    options.credentials =
        smtp::Credentials{.username = username, .password = password, .token_file = token_file};
  }
  options.allow_plaintext_credentials = allow_plaintext_credentials;
  options.ehlo_name = ehlo_name.empty() ? HostName() : ehlo_name;
  options.max_connections = static_cast<std::size_t>(max_connections);
  options.max_messages_per_connection = static_cast<std::size_t>(max_messages_per_connection);
  options.max_queued = static_cast<std::size_t>(max_queued);
  return options;
}

absl::StatusOr<std::unique_ptr<Transport>> TransportConfig::Create(
    const std::string& name, SenderIdentity sender, std::int32_t max_queued, const Clock& clock,
    const Observers& observers) const {
  if (kind == Kind::kConsole) {
    return std::make_unique<ConsoleTransport>(name, std::move(sender),
                                              telemetry::LogsAreJson() ? nullptr : stdout);
  }
  LMSMAIL_ASSIGN_OR_RETURN(std::unique_ptr<Transport> smtp,
                           SmtpTransport::Create(name, std::move(sender), ToSmtp(max_queued),
                                                 shared_connections, observers.before_dot));
  CircuitBreaker::Options breaker{
      .refusals = circuit_breaker.refusals,
      .open_time = {.initial = circuit_breaker.min_open_time, .max = circuit_breaker.max_open_time},
      .quota_open_time = {.initial = circuit_breaker.quota_open_time,
                          .max = 6 * circuit_breaker.quota_open_time}};
  if (observers.breaker_changed) {
    breaker.changed = [changed = observers.breaker_changed,
                       name](std::optional<CircuitBreaker::Cause> cause) { changed(name, cause); };
  }
  return std::make_unique<CircuitBreaker>(std::move(smtp), clock, std::move(breaker));
}

}  // namespace lmsmail::dispatch
