#include "services/dispatch/transports/transport_config.h"

#include <fmt/format.h>

#include <cstdio>
#include <utility>

#include "libs/loopback/loopback.h"
#include "libs/smtp/ehlo_name.h"
#include "libs/status/status_macros.h"
#include "libs/telemetry/log_format.h"
#include "services/dispatch/transports/circuit_breaker.h"
#include "services/dispatch/transports/console_transport.h"
#include "services/dispatch/transports/http_transport.h"
#include "services/dispatch/transports/rate_config.h"

namespace lmsmail::dispatch {

namespace {

// How long bulk mail waits for mails to share a request to a provider with.
constexpr absl::Duration kLinger = absl::Milliseconds(20);

// A domain in A-labels; any other text, such as an address literal, as it is.
std::string ToALabels(const std::string& name) {
  const auto address = address::ParseEmailAddress("postmaster@" + name);
  return address.ok() ? address->domain : name;
}

}  // namespace

std::string HostName() {
  const std::string name = smtp::HostName();
  return name.empty() ? "unknown" : name;
}

absl::StatusOr<address::EmailAddress> ParseSenderAddress(const std::string& text) {
  LMSMAIL_ASSIGN_OR_RETURN(address::EmailAddress address, address::ParseEmailAddress(text));
  if (address.needs_smtputf8) {
    return absl::InvalidArgumentError(
        "has letters outside ASCII before the '@', which many mail servers refuse; use an address "
        "with ASCII letters there (the domain may have others)");
  }
  return address;
}

void CheckAddress(const std::string& address, std::string field, Violations& violations) {
  if (address.empty()) return;
  const auto parsed = ParseSenderAddress(address);
  if (!parsed.ok()) violations.Add(std::move(field), std::string(parsed.status().message()));
}

bool TransportConfig::LeavesThisMachine() const {
  if (kind == Kind::kConsole) return false;
  if (!provider_kind()) return !IsLoopbackHost(host);
  const auto url = provider.UrlOf(*provider_kind());
  return !url.ok() || !IsLoopbackHost(url->host);
}

void TransportConfig::Declare(config::Group keys) {
  keys.Enum(
      "kind", &kind,
      {{"console", Kind::kConsole},
       {"smtp", Kind::kSmtp},
       {"sendgrid", Kind::kSendGrid},
       {"mailgun", Kind::kMailgun}},
      "How mail is delivered: to a mail server, or through the HTTP API of a provider; console "
      "prints it instead.");
  keys.String("host", &host, "The mail server.");
  keys.Int32("port", &port, "The mail server's port.", {1, 65535});
  keys.Enum("tls", &tls,
            {{"none", smtp::TlsMode::kNone},
             {"starttls", smtp::TlsMode::kStartTls},
             {"implicit", smtp::TlsMode::kImplicit}},
            "How the connection is encrypted; starttls refuses a server that does not offer it.");
  keys.String("ca_file", &ca_file, "PEM file of the authorities to trust; empty: the system's.");
  keys.String("tls_server_name", &tls_server_name,
              "The name expected in the server's certificate and sent as SNI; empty: host.");
  DeclareLogin(keys);
  keys.String("ehlo_name", &ehlo_name,
              "Our domain or address literal for EHLO; empty: the host's name if it is fully "
              "qualified, otherwise the literal of our address.");
  keys.Enum("pipelining", &pipelining, {{"auto", true}, {"off", false}},
            "Whether commands are sent together where the server offers it; off for a server that "
            "loses all but the first.");
  keys.Int32("max_connections", &max_connections,
             "Connections at a time, or requests to a provider; a quarter of them is reserved for "
             "urgent mail.",
             {2, 500});
  keys.Int32("shared_connections", &shared_connections,
             "Connections at a time of all replicas together; 0: max_connections of each. Less "
             "than one for each replica leaves some without any.",
             {0, 10'000});
  keys.Int32("max_messages_per_connection", &max_messages_per_connection,
             "Mails after which a connection is replaced.", {1, 1'000'000});
  DeclareRate(keys, "the transport", rate);
  provider.Declare(keys);
  keys.String("from", &from, "From address; empty: the service's.");
  keys.String("from_name", &from_name, "From name; empty: the service's.");
  keys.String("reply_to", &reply_to, "Address for replies; empty: From.");
  keys.String("envelope_from", &envelope_from,
              "Address for bounces; empty: one at bounces.domain for each mail, or From.");
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
  keys.Enum(
      "auth_mechanism", &auth_mechanism,
      {{"auto", std::nullopt},
       {"plain", smtp::AuthMechanism::kPlain},
       {"login", smtp::AuthMechanism::kLogin},
       {"oauthbearer", smtp::AuthMechanism::kOAuthBearer},
       {"xoauth2", smtp::AuthMechanism::kXOAuth2}},
      "The AUTH mechanism; auto takes the best one offered, and the next if that is refused.");
  keys.Bool("allow_plaintext_credentials", &allow_plaintext_credentials,
            "Logs in without TLS, readable by everyone on the network.");
}

void TransportConfig::Check(std::string_view prefix, const std::string& service_from,
                            Violations& violations) const {
  const auto key = [&](std::string_view last) { return fmt::format("{}{}", prefix, last); };
  CheckAddress(from, key("from"), violations);
  CheckAddress(reply_to, key("reply_to"), violations);
  CheckAddress(envelope_from, key("envelope_from"), violations);
  const absl::Status name = address::ValidateDisplayName(from_name);
  if (!name.ok()) violations.Add(key("from_name"), std::string(name.message()));
  dkim.Check(prefix, violations);
  const auto sender = ParseSenderAddress(FromOr(service_from));
  if (!dkim.empty() && sender.ok() && !dkim.Covers(sender->ToString())) {
    violations.Add(key("dkim.domain"),
                   "must be the domain of From or a parent of it: no other signature counts for "
                   "the mail");
  }
  if (provider_kind()) CheckProvider(prefix, violations);
  if (kind != Kind::kSmtp) return;
  if (host.empty()) violations.Add(key("host"), "is required for a transport of kind smtp");
  CheckNames(prefix, violations);
  CheckLogin(prefix, violations);
  if (circuit_breaker.max_open_time < circuit_breaker.min_open_time) {
    violations.Add(key("circuit_breaker.max_open_time"), "must not be shorter than min_open_time");
  }
}

std::optional<ProviderConfig::Provider> TransportConfig::provider_kind() const {
  if (kind == Kind::kSendGrid) return ProviderConfig::Provider::kSendGrid;
  if (kind == Kind::kMailgun) return ProviderConfig::Provider::kMailgun;
  return std::nullopt;
}

void TransportConfig::CheckProvider(std::string_view prefix, Violations& violations) const {
  provider.Check(*provider_kind(), prefix, violations);
  const auto refuse = [&](bool given, std::string_view last, std::string_view why) {
    if (given) violations.Add(fmt::format("{}{}", prefix, last), std::string(why));
  };
  refuse(!host.empty(), "host", "is for the kind smtp: a provider's API has a region or base_url");
  refuse(!username.empty() || !password.empty() || !token_file.empty(), "username",
         "is for the kind smtp: a provider's API has an api_key_file");
  refuse(!envelope_from.empty(), "envelope_from",
         "is for the kind smtp: the provider receives the bounces of its mail");
  refuse(!dkim.empty(), "dkim", "is for the kind smtp: the provider signs its mail");
}

void TransportConfig::CheckNames(std::string_view prefix, Violations& violations) const {
  const auto key = [&](std::string_view last) { return fmt::format("{}{}", prefix, last); };
  if (!ehlo_name.empty() && !smtp::IsEhloName(ToALabels(ehlo_name))) {
    violations.Add(key("ehlo_name"),
                   "must be a domain such as mail.school.example, or an address literal such as "
                   "[192.0.2.1] or [IPv6:2001:db8::1]; leave it out to use the host's");
  }
  if (!tls_server_name.empty() && !smtp::IsServerName(ToALabels(tls_server_name))) {
    violations.Add(key("tls_server_name"),
                   "must be the domain or the address in the server's certificate, without a port");
  }
}

void TransportConfig::CheckLogin(std::string_view prefix, Violations& violations) const {
  const auto key = [&](std::string_view last) { return fmt::format("{}{}", prefix, last); };
  if (!password.empty() && !token_file.empty()) {
    violations.Add(key("token_file"), "and password_file exclude each other");
  } else if (username.empty() != (password.empty() && token_file.empty())) {
    violations.Add(key("username"), "and one of password_file and token_file require each other");
  }
  const bool needs_token = auth_mechanism == smtp::AuthMechanism::kOAuthBearer ||
                           auth_mechanism == smtp::AuthMechanism::kXOAuth2;
  if (auth_mechanism && needs_token == token_file.empty()) {
    violations.Add(key("auth_mechanism"),
                   "must be plain or login with a password_file, oauthbearer or xoauth2 with a "
                   "token_file");
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
  options.tls.server_name = ToALabels(tls_server_name);
  if (!username.empty()) {
    options.credentials = smtp::Credentials{.username = username,
                                            .password = password,
                                            .token_file = token_file,
                                            .mechanism = auth_mechanism};
  }
  options.allow_plaintext_credentials = allow_plaintext_credentials;
  options.ehlo_name = ToALabels(ehlo_name);
  options.pipelining = pipelining;
  options.max_connections = static_cast<std::size_t>(max_connections);
  options.max_messages_per_connection = static_cast<std::size_t>(max_messages_per_connection);
  options.max_queued = static_cast<std::size_t>(max_queued);
  return options;
}

absl::StatusOr<std::unique_ptr<Transport>> TransportConfig::CreateSmtp(
    const std::string& name, SenderIdentity sender, std::int32_t max_queued, const Clock& clock,
    const Observers& observers) const {
  const auto faults =
      std::make_shared<ConnectionFaults>(name, host, port, clock, observers.connection_failed);
  return SmtpTransport::Create(
      name, std::move(sender), ToSmtp(max_queued), shared_connections, observers.before_dot,
      [faults](const absl::Status& status) { faults->OnConnection(status); });
}

absl::StatusOr<std::unique_ptr<Transport>> TransportConfig::CreateProvider(
    const std::string& name, SenderIdentity sender, std::int32_t max_queued, const Clock& clock,
    const Observers& observers) const {
  sender.signer = nullptr;  // the provider signs
  LMSMAIL_ASSIGN_OR_RETURN(const http_client::BaseUrl url, provider.UrlOf(*provider_kind()));
  const auto faults = std::make_shared<ConnectionFaults>(name, url.host, url.port, clock,
                                                         observers.connection_failed);
  HttpTransport::Options options{.max_requests = max_connections,
                                 .shared_requests = shared_connections};
  options.lane.max_queued = static_cast<std::size_t>(max_queued);
  options.lane.linger = kLinger;
  options.lane.client.max_connections = max_connections;
  options.lane.client.ca_file = ca_file;
  std::unique_ptr<ProviderApi> api = provider.ToApi(*provider_kind(), url, sender);
  return HttpTransport::Create(
      name, std::move(sender), std::move(api), clock, options,
      [keys = provider] { return keys.ReadApiKey(); }, observers.before_dot,
      [faults](const absl::Status& status) { faults->OnConnection(status); });
}

absl::StatusOr<std::unique_ptr<Transport>> TransportConfig::Create(
    const std::string& name, SenderIdentity sender, std::int32_t max_queued, const Clock& clock,
    const Observers& observers) const {
  if (kind == Kind::kConsole) {
    return std::make_unique<ConsoleTransport>(name, std::move(sender),
                                              telemetry::LogsAreJson() ? nullptr : stdout);
  }
  LMSMAIL_ASSIGN_OR_RETURN(
      std::unique_ptr<Transport> transport,
      provider_kind() ? CreateProvider(name, std::move(sender), max_queued, clock, observers)
                      : CreateSmtp(name, std::move(sender), max_queued, clock, observers));
  CircuitBreaker::Options breaker{
      .refusals = circuit_breaker.refusals,
      .open_time = {.initial = circuit_breaker.min_open_time, .max = circuit_breaker.max_open_time},
      .quota_open_time = {.initial = circuit_breaker.quota_open_time,
                          .max = 6 * circuit_breaker.quota_open_time}};
  if (observers.breaker_changed) {
    breaker.changed = [changed = observers.breaker_changed,
                       name](std::optional<CircuitBreaker::Cause> cause) { changed(name, cause); };
  }
  return std::make_unique<CircuitBreaker>(std::move(transport), clock, std::move(breaker));
}

}  // namespace lmsmail::dispatch
