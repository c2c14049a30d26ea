#include "services/dispatch/config.h"

#include <fmt/format.h>
#include <unistd.h>

#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "libs/address/email_address.h"
#include "libs/status/status_macros.h"
#include "libs/token/key_ring.h"

namespace lmsmail::dispatch {
namespace {

constexpr std::string_view kConsole = "console";

}  // namespace

void DispatchConfig::DeclareWorker(config::Group keys) {
  keys.Bool("enabled", &worker.enabled, "Whether this replica delivers mail or only accepts it.");
  keys.String("name", &worker.name,
              "The replica's name in ListInFlight; empty: host name and process id.");
  keys.Int32("batch", &worker.batch, "Mails claimed at a time.", {1, 1000});
  keys.Duration("lease", &worker.lease,
                "How long claimed mail stays with a worker that does not extend its lease.",
                {absl::Seconds(10), absl::Hours(1)});
  keys.Int32("max_in_flight", &worker.max_in_flight,
             "Mails handed over whose outcome is not recorded yet.", {4, 100'000});
  keys.String("state_directory", &worker.state_directory,
              "Directory of the journal, which records mail in transmission across a crash of this "
              "process. The replicas of a host share it; it must outlive restarts, as on a volume. "
              "Empty: no journal, so that only leases recover mail and a crash sends some twice.");
  keys.Duration("flush_interval", &worker.flush_interval,
                "How long outcomes wait to be recorded together.",
                {absl::Milliseconds(1), absl::Seconds(1)});
}

void DispatchConfig::Declare(config::Schema& schema) {
  schema.Section("transports", [this](const std::string& name, config::Group keys) {
    transports[name].Declare(std::move(keys));
  });
  schema.String("default_transport", &default_transport,
                "The transport of mail that names none; \"console\" prints instead of sending.");
  schema.String("from", &from, "From address.");
  schema.String("from_name", &from_name, "From name; empty: school.name.");
  dkim.Declare(schema.Sub("dkim"));

  schema.String(
      "message_id_domain", &message_id_domain,
      "The domain of Message-ID and List-Id; empty: that of the default transport's From.");
  schema.Secret("message_id_keys", &message_id_keys,
                "File of keys that keep Message-IDs from being guessed; optional.");

  template_service.Declare(schema.Sub("template"));
  preference_service.Declare(schema.Sub("preference"));

  DeclareWorker(schema.Sub("worker"));
  delivery.Declare(schema.Sub("delivery"));
  limits.Declare(schema.Sub("limits"));
  schema.Bytes("max_message_size", &max_message_size, "The largest mail that is rendered.",
               {16 << 10, 100 << 20});
  schema.Duration("sweep_interval", &sweep_interval, "How often mail of dead workers is recovered.",
                  {absl::Milliseconds(10), absl::Hours(1)});
  schema.Check([this](Violations& violations) { Check(violations); });
}

void DispatchConfig::Check(Violations& violations) const {
  CheckAddress(from, "from", violations);
  if (from.empty()) violations.Add("from", "must not be empty");
  dkim.Check("", violations);
  for (const auto& [name, transport] : transports) {
    transport.Check(fmt::format("transports.{}.", name), from, violations);
  }
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
  delivery.Check(violations);
}

std::string DispatchConfig::Domain() const {
  if (!message_id_domain.empty()) return message_id_domain;
  const auto transport = transports.find(default_transport);
  const std::string& address =
      transport == transports.end() ? from : transport->second.FromOr(from);
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

absl::StatusOr<SenderIdentity> DispatchConfig::ToSender(const TransportConfig& transport,
                                                        const service::SchoolConfig& school) const {
  SenderIdentity sender;
  LMSMAIL_ASSIGN_OR_RETURN(sender.from.address, address::ParseEmailAddress(transport.FromOr(from)));
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
    const service::SchoolConfig& school, const Clock& clock,
    const TransportConfig::Observers& observers) const {
  std::map<std::string, TransportConfig> all = transports;
  all.try_emplace(std::string(kConsole));
  std::vector<std::unique_ptr<Transport>> built;
  for (const auto& [name, transport] : all) {
    LMSMAIL_ASSIGN_OR_RETURN(SenderIdentity sender, ToSender(transport, school));
    LMSMAIL_ASSIGN_OR_RETURN(
        built.emplace_back(),
        transport.Create(name, std::move(sender), worker.max_in_flight, clock, observers));
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
  options.policy = delivery.ToPolicy();
  options.limits = limits.ToRules();
  for (const auto& [name, transport] : transports) options.limits.transports[name] = transport.rate;
  return options;
}

}  // namespace lmsmail::dispatch
