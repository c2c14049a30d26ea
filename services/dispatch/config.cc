#include "services/dispatch/config.h"

#include <fmt/format.h>
#include <unistd.h>

#include <cstdio>
#include <set>
#include <utility>

#include "libs/address/email_address.h"
#include "libs/status/status_macros.h"
#include "libs/token/key_ring.h"
#include "services/dispatch/transports/circuit_breaker.h"
#include "services/dispatch/transports/console_transport.h"
#include "services/dispatch/transports/smtp_transport.h"

namespace lmsmail::dispatch {
namespace {

constexpr std::string_view kConsole = "console";

std::set<Category> CategoriesNamed(const std::vector<std::string>& names) {
  std::set<Category> categories;
  for (const std::string& name : names) {
    if (const auto category = CategoryNamed(name)) categories.insert(*category);
  }
  return categories;
}

void CheckCategories(const std::vector<std::string>& names, std::string_view key,
                     Violations& violations) {
  for (const std::string& name : names) {
    if (CategoryNamed(name)) continue;
    violations.Add(std::string(key),
                   fmt::format("\"{}\" is no category; those are enrollment, payment, demo, "
                               "progress, content and announcement",
                               name));
  }
}

void CheckAddress(const std::string& address, std::string field, Violations& violations) {
  if (address.empty()) return;
  const auto parsed = address::ParseEmailAddress(address);
  if (!parsed.ok()) violations.Add(std::move(field), std::string(parsed.status().message()));
}

std::string HostName() {
  char name[256] = {};
  return gethostname(name, sizeof name - 1) == 0 ? name : "unknown";
}

smtp::Options ToSmtp(const TransportConfig& transport, std::int32_t max_in_flight) {
  smtp::Options options;
  options.host = transport.host;
  options.port = static_cast<std::uint16_t>(transport.port);
  options.tls.mode = transport.tls;
  options.tls.ca_file = transport.ca_file;
  if (!transport.username.empty()) {
    options.credentials = smtp::Credentials{.username = transport.username,
                                            .password = transport.password,
                                            .token_file = transport.token_file};
  }
  options.allow_plaintext_credentials = transport.allow_plaintext_credentials;
  options.ehlo_name = transport.ehlo_name.empty() ? HostName() : transport.ehlo_name;
  options.max_connections = static_cast<std::size_t>(transport.max_connections);
  options.max_messages_per_connection =
      static_cast<std::size_t>(transport.max_messages_per_connection);
  options.max_queued = static_cast<std::size_t>(max_in_flight);
  return options;
}

}  // namespace

void DispatchConfig::DeclareTransport(const std::string& name, config::Group keys) {
  TransportConfig& transport = transports[name];
  keys.Enum("kind", &transport.kind,
            {{"console", TransportConfig::Kind::kConsole}, {"smtp", TransportConfig::Kind::kSmtp}},
            "How mail leaves.");
  keys.String("host", &transport.host, "The mail server.");
  keys.Int32("port", &transport.port, "Its port.", {1, 65535});
  keys.Enum("tls", &transport.tls,
            {{"none", smtp::TlsMode::kNone},
             {"starttls", smtp::TlsMode::kStartTls},
             {"implicit", smtp::TlsMode::kImplicit}},
            "How the connection is encrypted; starttls refuses a server without it.");
  keys.String("ca_file", &transport.ca_file,
              "PEM file of the authorities to trust; empty: the system's.");
  keys.String("username", &transport.username, "Name to log in with; empty: no login.");
  keys.Secret("password", &transport.password, "The password.");
  keys.String("token_file", &transport.token_file,
              "Path of a file with an OAuth 2.0 access token, instead of a password; it is read "
              "again at each login.");
  keys.Bool("allow_plaintext_credentials", &transport.allow_plaintext_credentials,
            "Logs in without TLS, for everyone on the way to read.");
  keys.String("ehlo_name", &transport.ehlo_name,
              "Our own full name for EHLO; empty: the host's name.");
  keys.Int32("max_connections", &transport.max_connections,
             "Connections at a time; a quarter of them is for urgent mail.", {2, 500});
  keys.Int32("shared_connections", &transport.shared_connections,
             "Connections at a time of all replicas together; 0: max_connections of each. One for "
             "each replica is the least that is of use.",
             {0, 10'000});
  keys.Int32("max_messages_per_connection", &transport.max_messages_per_connection,
             "Mails after which a connection is made anew.", {1, 1'000'000});
  DeclareRate(keys, "the transport", transport.rate);
  keys.String("from", &transport.from, "From address; empty: the service's.");
  keys.String("from_name", &transport.from_name, "From name; empty: the service's.");
  keys.String("reply_to", &transport.reply_to, "Where answers go; empty: to From.");
  keys.String("envelope_from", &transport.envelope_from, "Where bounces go; empty: to From.");
  transport.dkim.Declare(keys.Sub("dkim"));
  config::Group hold = keys.Sub("hold");
  hold.Int32("refusals", &transport.hold.refusals,
             "Refusals of us (5.7.x) within a minute that stop this transport for a while.",
             {1, 1'000'000});
  hold.Duration("first", &transport.hold.first, "How long at first; doubles while refused.",
                {absl::Seconds(1), absl::Hours(24)});
  hold.Duration("longest", &transport.hold.longest, "The longest of those times.",
                {absl::Seconds(1), absl::Hours(24)});
}

std::vector<std::string> DispatchConfig::NamesOf(const std::set<Category>& categories) {
  std::vector<std::string> names;
  for (const Category category : categories) names.emplace_back(NameOf(category));
  return names;
}

void DispatchConfig::DeclareDelivery(config::Group keys) {
  const config::Range<absl::Duration> waits{absl::Milliseconds(1), absl::Hours(24)};
  keys.Int32("max_attempts", &delivery.max_attempts,
             "Temporary refusals after which a mail has failed.", {1, 100});
  keys.Duration("first_retry", &delivery.first_retry,
                "Wait after the first temporary refusal; doubles with each.", waits);
  keys.Duration("longest_retry", &delivery.longest_retry, "The longest of those waits.", waits);
  keys.Duration("greylist_retry", &delivery.greylist_retry,
                "Least wait after a server's greylisting (451 4.7.1).", waits);
  keys.Duration("ambiguous_retry", &delivery.ambiguous_retry,
                "Wait before a mail of resend_uncertain is sent again.", waits);
  keys.Duration("peer_retry", &delivery.peer_retry,
                "Shortest wait while preferences or templates are away.", waits);
  keys.StringList("resend_uncertain", &delivery.resend_uncertain,
                  "Categories sent again when the answer got lost; others become UNCERTAIN.");
  keys.StringList("resend_recovered", &delivery.resend_recovered,
                  "Categories sent again when a worker died with them; others become UNCERTAIN.");
}

void DispatchConfig::Declare(config::Schema& schema) {
  schema.Section("transports", [this](const std::string& name, config::Group keys) {
    DeclareTransport(name, keys);
  });
  schema.String("default_transport", &default_transport,
                "Used for mail that names none; \"console\" prints instead of sending.");
  schema.String("from", &from, "From address.");
  schema.String("from_name", &from_name, "From name; empty: school.name.");
  dkim.Declare(schema.Sub("dkim"));

  schema.String("message_id_domain", &message_id_domain,
                "Ends Message-ID and List-Id; empty: the domain of the default transport's From.");
  schema.Secret("message_id_keys", &message_id_keys,
                "File of keys that keep Message-IDs from being guessed; optional.");

  template_service.Declare(schema.Sub("template"));
  preference_service.Declare(schema.Sub("preference"));

  config::Group worker_keys = schema.Sub("worker");
  worker_keys.Bool("enabled", &worker.enabled, "Whether this replica sends, or only accepts.");
  worker_keys.String("name", &worker.name,
                     "Shown in ListInFlight; empty: host name and process id.");
  worker_keys.Int32("batch", &worker.batch, "Mails claimed at a time.", {1, 1000});
  worker_keys.Duration("lease", &worker.lease,
                       "How long claimed mail stays with a worker that gives no sign of life.",
                       {absl::Seconds(10), absl::Hours(1)});
  worker_keys.Int32("max_in_flight", &worker.max_in_flight,
                    "Mails handed over whose outcome is not stored yet.", {4, 100'000});
  worker_keys.String("journal", &worker.journal,
                     "File that remembers mails being sent across a crash of this process, its own "
                     "for each replica; empty: none, and leases alone tell.");
  worker_keys.Duration("flush_interval", &worker.flush_interval,
                       "How long outcomes wait to be stored together.",
                       {absl::Milliseconds(1), absl::Seconds(1)});

  DeclareDelivery(schema.Sub("delivery"));
  limits.Declare(schema.Sub("limits"));
  schema.Bytes("max_message_size", &max_message_size, "Largest mail that is written.",
               {16 << 10, 100 << 20});
  schema.Duration("sweep_interval", &sweep_interval,
                  "How often mail of dead workers is looked for.",
                  {absl::Milliseconds(10), absl::Hours(1)});
  schema.Check([this](Violations& violations) { Check(violations); });
}

void DispatchConfig::CheckTransport(const std::string& name, const TransportConfig& transport,
                                    Violations& violations) const {
  const auto key = [&name](std::string_view last) {
    return fmt::format("transports.{}.{}", name, last);
  };
  CheckAddress(transport.from, key("from"), violations);
  CheckAddress(transport.reply_to, key("reply_to"), violations);
  CheckAddress(transport.envelope_from, key("envelope_from"), violations);
  transport.dkim.Check(key(""), violations);
  if (!transport.dkim.empty() && !transport.dkim.Covers(FromOf(transport))) {
    violations.Add(key("dkim.domain"),
                   "must be the domain of From or one above it: no other signature counts for the "
                   "mail");
  }
  if (transport.kind != TransportConfig::Kind::kSmtp) return;
  if (transport.host.empty())
    violations.Add(key("host"), "is required for a transport of kind smtp");
  if (!transport.password.empty() && !transport.token_file.empty()) {
    violations.Add(key("token_file"), "and password_file exclude each other");
  } else if (transport.username.empty() !=
             (transport.password.empty() && transport.token_file.empty())) {
    violations.Add(key("username"), "and one of password_file and token_file require each other");
  }
  if (!transport.username.empty() && transport.tls == smtp::TlsMode::kNone &&
      !transport.allow_plaintext_credentials) {
    violations.Add(key("tls"),
                   "would send the password or token in the clear: use starttls or implicit, or "
                   "set allow_plaintext_credentials");
  }
}

void DispatchConfig::Check(Violations& violations) const {
  CheckAddress(from, "from", violations);
  if (from.empty()) violations.Add("from", "must not be empty");
  dkim.Check("", violations);
  for (const auto& [name, transport] : transports) CheckTransport(name, transport, violations);
  if (default_transport != kConsole && !transports.contains(default_transport)) {
    violations.Add(
        "default_transport",
        fmt::format("\"{}\" is not configured: give transports.{}.kind and so on, or use "
                    "console",
                    default_transport, default_transport));
  }
  if (!message_id_keys.empty()) {
    const auto ring = token::KeyRing::Parse(message_id_keys);
    if (!ring.ok()) {
      violations.Add("message_id_keys_file", std::string(ring.status().message()));
    }
  }
  template_service.Check("template", violations);
  preference_service.Check("preference", violations);
  limits.Check(violations);
  CheckCategories(delivery.resend_uncertain, "delivery.resend_uncertain", violations);
  CheckCategories(delivery.resend_recovered, "delivery.resend_recovered", violations);
  if (delivery.longest_retry < delivery.first_retry) {
    violations.Add("delivery.longest_retry", "must not be shorter than delivery.first_retry");
  }
}

std::string DispatchConfig::Domain() const {
  if (!message_id_domain.empty()) return message_id_domain;
  const auto transport = transports.find(default_transport);
  const std::string& address = transport == transports.end() ? from : FromOf(transport->second);
  return address.substr(address.rfind('@') + 1);
}

SiteIdentity DispatchConfig::ToSite(const service::SchoolConfig& school) const {
  return {school.name, school.url, school.postal_address, Domain()};
}

absl::StatusOr<MessageIdHeader> DispatchConfig::ToMessageIds() const {
  std::optional<token::KeyRing> keys;
  if (!message_id_keys.empty()) {
    LMSMAIL_ASSIGN_OR_RETURN(keys, token::KeyRing::Parse(message_id_keys));
  }
  return MessageIdHeader(Domain(), std::move(keys));
}

const std::string& DispatchConfig::FromOf(const TransportConfig& transport) const {
  return transport.from.empty() ? from : transport.from;
}

absl::StatusOr<SenderIdentity> DispatchConfig::ToSender(const TransportConfig& transport,
                                                        const service::SchoolConfig& school) const {
  SenderIdentity sender;
  LMSMAIL_ASSIGN_OR_RETURN(sender.from.address, address::ParseEmailAddress(FromOf(transport)));
  const std::string& name = transport.from_name.empty() ? from_name : transport.from_name;
  sender.from.display_name = name.empty() ? school.name : name;
  if (!transport.reply_to.empty()) {
    LMSMAIL_ASSIGN_OR_RETURN(address::EmailAddress reply_to,
                             address::ParseEmailAddress(transport.reply_to));
    sender.reply_to = address::Mailbox{"", std::move(reply_to)};
  }
  sender.envelope_from =
      transport.envelope_from.empty() ? sender.from.address.ToString() : transport.envelope_from;
  const DkimConfig& signing = transport.dkim.empty() ? dkim : transport.dkim;
  if (signing.Covers(sender.from.address.ToString())) {
    LMSMAIL_ASSIGN_OR_RETURN(sender.signer, signing.ToSigner());
  }
  return sender;
}

absl::StatusOr<std::unique_ptr<Transports>> DispatchConfig::ToTransports(
    const service::SchoolConfig& school, const Clock& clock, SmtpTransport::DotObserver before_dot,
    BreakerObserver held) const {
  std::map<std::string, TransportConfig> all = transports;
  all.try_emplace(std::string(kConsole));
  std::vector<std::unique_ptr<Transport>> built;
  for (const auto& [name, transport] : all) {
    LMSMAIL_ASSIGN_OR_RETURN(SenderIdentity sender, ToSender(transport, school));
    if (transport.kind == TransportConfig::Kind::kConsole) {
      built.push_back(std::make_unique<ConsoleTransport>(name, std::move(sender), stdout));
      continue;
    }
    LMSMAIL_ASSIGN_OR_RETURN(
        auto smtp,
        SmtpTransport::Create(name, std::move(sender), ToSmtp(transport, worker.max_in_flight),
                              transport.shared_connections, before_dot));
    CircuitBreaker::Options hold{.refusals = transport.hold.refusals,
                                 .window = absl::Minutes(1),
                                 .first_hold = transport.hold.first,
                                 .longest_hold = transport.hold.longest};
    if (held) hold.changed = [held, name = name](bool is) { held(name, is); };
    built.push_back(std::make_unique<CircuitBreaker>(std::move(smtp), clock, std::move(hold)));
  }
  return std::make_unique<Transports>(std::move(built), default_transport);
}

Worker::Options DispatchConfig::ToWorker() const {
  Worker::Options options;
  options.name = worker.name.empty() ? fmt::format("{}/{}", HostName(), getpid()) : worker.name;
  options.batch = worker.batch;
  options.lease = worker.lease;
  options.max_in_flight = worker.max_in_flight;
  options.flush_interval = worker.flush_interval;
  options.max_message_bytes = static_cast<std::size_t>(max_message_size);
  DeliveryPolicy& policy = options.policy;
  policy.max_attempts = delivery.max_attempts;
  policy.first_retry = delivery.first_retry;
  policy.longest_retry = delivery.longest_retry;
  policy.greylist_retry = delivery.greylist_retry;
  policy.ambiguous_retry = delivery.ambiguous_retry;
  policy.shortest_peer_retry = delivery.peer_retry;
  policy.longest_peer_retry = std::max(delivery.peer_retry, policy.longest_peer_retry);
  policy.resend_uncertain = CategoriesNamed(delivery.resend_uncertain);
  policy.resend_recovered = CategoriesNamed(delivery.resend_recovered);
  options.limits = limits.ToRules();
  for (const auto& [name, transport] : transports) options.limits.transports[name] = transport.rate;
  return options;
}

}  // namespace lmsmail::dispatch
