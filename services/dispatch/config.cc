#include "services/dispatch/config.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <unistd.h>

#include <algorithm>
#include <functional>
#include <optional>
#include <ranges>
#include <string_view>
#include <utility>
#include <vector>

#include "libs/address/email_address.h"
#include "libs/status/status_macros.h"
#include "libs/telemetry/logging.h"
#include "libs/token/key_ring.h"
#include "services/dispatch/rendering/sender_check.h"

namespace lmsmail::dispatch {
namespace {

// The transport of a service for which none is configured.
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
  keys.Int32("pool_size", &worker.pool_size,
             "Maximum number of connections to the database for delivery and maintenance, besides "
             "postgres.pool_size for calls.",
             {2, 1000});
  keys.String("state_directory", &worker.state_directory,
              "Directory of what must survive a crash of this process: its claims and its journal. "
              "The replicas of a host may share it; it must outlive restarts, as on a volume. "
              "Empty: none, so that after a crash mail waits for worker.lease and some is sent "
              "twice.");
  keys.Bool("journal", &worker.journal,
            "Whether state_directory records mail in transmission. Without it, a crash sends mail "
            "twice whose outcome was not recorded.");
  keys.Duration("flush_interval", &worker.flush_interval,
                "How long outcomes wait to be recorded together.",
                {absl::Milliseconds(1), absl::Seconds(1)});
}

void DispatchConfig::Declare(config::Schema& schema, const service::BaseConfig& base) {
  schema.Section("transports", [this](const std::string& name, config::Group keys) {
    transports[name].Declare(std::move(keys));
  });
  schema.String("default_transport", &default_transport,
                "The transport of mail that names none and has no route; may be empty if only one "
                "is configured. "
                "Without any transport, mail is printed instead of sent.");
  routes.Declare(schema);
  schema.String("from", &from, "From address.");
  schema.String("from_name", &from_name, "From name; empty: school.name.");
  dkim.Declare(schema.Sub("dkim"));
  bounces.Declare(schema.Sub("bounces"));

  schema.String(
      "message_id_domain", &message_id_domain,
      "The domain of Message-ID and List-Id; empty: that of the default transport's From.");
  schema.Secret(
      "keys", &secret_keys,
      "File of secret keys, lines of id:key as in the preference service; the first one is "
      "used. They keep Message-IDs, and addresses from their hashes in the log, from being "
      "guessed. Required with a transport that leaves this machine.");

  template_service.Declare(schema.Sub("template"));
  preference_service.Declare(schema.Sub("preference"));

  DeclareWorker(schema.Sub("worker"));
  delivery.Declare(schema.Sub("delivery"));
  tracking.Declare(schema.Sub("tracking"));
  limits.Declare(schema.Sub("limits"));
  retention.Declare(schema.Sub("retention"));
  schema.Bytes("max_message_size", &max_message_size, "The largest mail that is rendered.",
               {16 << 10, 100 << 20});
  schema.Duration("sweep_interval", &sweep_interval, "How often mail of dead workers is recovered.",
                  {absl::Milliseconds(10), absl::Hours(1)});
  schema.Check([this, &base](Violations& violations) { Check(base.insecure, violations); });
}

void DispatchConfig::Check(bool insecure, Violations& violations) const {
  CheckAddress(from, "from", violations);
  if (from.empty()) violations.Add("from", "must not be empty");
  const absl::Status sender_name = address::ValidateDisplayName(from_name);
  if (!sender_name.ok()) violations.Add("from_name", std::string(sender_name.message()));
  if (!message_id_domain.empty()) {
    const auto id = ParseSenderAddress("id@" + message_id_domain);
    if (!id.ok()) violations.Add("message_id_domain", "must be a domain such as school.example");
  }
  dkim.Check("", violations);
  for (const auto& [name, transport] : transports) {
    transport.Check(fmt::format("transports.{}.", name), from, violations);
  }
  bounces.Check(std::ranges::any_of(std::views::values(transports),
                                    std::mem_fn(&TransportConfig::HasVariableSender)),
                !secret_keys.empty(), violations);
  CheckDefaultTransport(violations);
  routes.Check(TransportNames(), violations);
  CheckKeys(violations);
  template_service.Check("template", insecure, violations);
  preference_service.Check("preference", insecure, violations);
  limits.Check(violations);
  retention.Check(violations);
  delivery.Check(violations);
  tracking.Check(violations);
}

void DispatchConfig::CheckKeys(Violations& violations) const {
  if (const auto ring = ToKeys(); !ring.ok()) {
    violations.Add("keys_file", std::string(ring.status().message()));
  }
  const auto leaving = std::ranges::find_if(
      transports, [](const auto& named) { return named.second.LeavesThisMachine(); });
  if (!secret_keys.empty() || leaving == transports.end()) return;
  violations.Add(
      "keys_file",
      fmt::format(
          "is required, because transports.{} leaves this machine: without a key others can "
          "guess Message-IDs, by which mail is reported. Create it once with: "
          "(umask 077; echo \"k1:$(openssl rand -hex 32)\" > dispatch.keys)",
          leaving->first));
}

void DispatchConfig::CheckDefaultTransport(Violations& violations) const {
  const std::string name = DefaultTransport();
  if (transports.contains(name) || (transports.empty() && name == kConsole)) return;
  const std::string names = fmt::format("{}", fmt::join(std::views::keys(transports), ", "));
  if (name.empty()) {
    violations.Add("default_transport",
                   fmt::format("is required when several transports are configured: {}", names));
  } else if (transports.empty()) {
    violations.Add("default_transport",
                   fmt::format("\"{}\" is not configured: give transports.{}.kind and so on, or "
                               "leave it empty to print mail",
                               name, name));
  } else {
    violations.Add("default_transport",
                   fmt::format("\"{}\" is not configured: give transports.{}.kind and so on, or "
                               "use one of {}",
                               name, name, names));
  }
}

std::set<std::string> DispatchConfig::TransportNames() const {
  if (transports.empty()) return {std::string(kConsole)};
  const auto names = std::views::keys(transports);
  return {names.begin(), names.end()};
}

std::string DispatchConfig::DefaultTransport() const {
  if (!default_transport.empty()) return default_transport;
  if (transports.empty()) return std::string(kConsole);
  return transports.size() == 1 ? transports.begin()->first : "";
}

std::string DispatchConfig::Domain() const {
  const auto transport = transports.find(DefaultTransport());
  const std::string& sender = transport == transports.end() ? from : transport->second.FromOr(from);
  const auto address =
      ParseSenderAddress(message_id_domain.empty() ? sender : "id@" + message_id_domain);
  return address.ok() ? address->domain : "";
}

SiteIdentity DispatchConfig::ToSite(const service::SchoolConfig& school) const {
  return {school.name,     school.url,   school.postal_address, Domain(),
          school.logo_url, school.color, school.support_address};
}

absl::StatusOr<std::optional<token::KeyRing>> DispatchConfig::ToKeys() const {
  if (secret_keys.empty()) return std::nullopt;
  return token::KeyRing::Parse(secret_keys);
}

absl::StatusOr<MessageIdHeader> DispatchConfig::ToMessageIds() const {
  LMSMAIL_ASSIGN_OR_RETURN(std::optional<token::KeyRing> ring, ToKeys());
  return MessageIdHeader(Domain(), std::move(ring));
}

absl::StatusOr<AddressHashes> DispatchConfig::ToAddressHashes() const {
  LMSMAIL_ASSIGN_OR_RETURN(std::optional<token::KeyRing> ring, ToKeys());
  if (!ring) {
    telemetry::LogWarning(
        "the hashes of addresses in the log have no key, so whoever reads the database can check "
        "guesses of an address; set keys_file");
  }
  return AddressHashes(std::move(ring));
}

absl::StatusOr<SenderIdentity> DispatchConfig::ToSender(const TransportConfig& transport,
                                                        const service::SchoolConfig& school) const {
  SenderIdentity sender;
  LMSMAIL_ASSIGN_OR_RETURN(sender.from.address, ParseSenderAddress(transport.FromOr(from)));
  const std::string& name = transport.from_name.empty() ? from_name : transport.from_name;
  sender.from.display_name = name.empty() ? school.name : name;
  const std::string& replies = transport.reply_to.empty() ? school.reply_to : transport.reply_to;
  if (!replies.empty()) {
    LMSMAIL_ASSIGN_OR_RETURN(address::EmailAddress reply_to, ParseSenderAddress(replies));
    sender.reply_to = address::Mailbox{"", std::move(reply_to)};
  }
  sender.envelope_from = sender.from.address.ToString();
  if (!transport.envelope_from.empty()) {
    LMSMAIL_ASSIGN_OR_RETURN(const address::EmailAddress envelope_from,
                             ParseSenderAddress(transport.envelope_from));
    sender.envelope_from = envelope_from.ToString();
  }
  if (transport.HasVariableSender()) {
    LMSMAIL_ASSIGN_OR_RETURN(sender.return_paths, bounces.ToReturnPaths());
    sender.bounce_domain = bounces.AsciiDomain();
  }
  const DkimConfig& signing = transport.dkim.empty() ? dkim : transport.dkim;
  if (signing.Covers(sender.from.address.ToString())) {
    LMSMAIL_ASSIGN_OR_RETURN(sender.signer, signing.ToSigner());
  }
  return sender;
}

std::string DispatchConfig::KeyOf(std::string_view name, std::string_view field) const {
  const auto own = transports.find(std::string(name));
  if (field == "from_name") {
    if (own != transports.end() && !own->second.from_name.empty()) {
      return fmt::format("transports.{}.from_name", name);
    }
    return from_name.empty() ? "school.name" : "from_name";
  }
  const bool is_own = field == "reply_to" || field == "envelope_from" ||
                      (field == "from" && own != transports.end() && !own->second.from.empty());
  return is_own ? fmt::format("transports.{}.{}", name, field) : std::string(field);
}

absl::Status DispatchConfig::CheckSenders(const Transports& built) const {
  LMSMAIL_ASSIGN_OR_RETURN(const MessageIdHeader message_ids, ToMessageIds());
  Violations violations;
  for (const std::string& name : built.Names()) {
    for (const FieldViolation& it :
         ViolationsOf(CheckSender(built.Find(name)->sender(), message_ids, Domain()))) {
      violations.Add(
          KeyOf(name, it.field),
          fmt::format("{} (no mail of the transport {} can be written)", it.description, name));
    }
  }
  return violations.ToStatus();
}

void DispatchConfig::WarnOfLocalLinks(const service::SchoolConfig& school) const {
  if (!school.HasLocalLinks()) return;
  for (const auto& [name, transport] : transports) {
    if (!transport.LeavesThisMachine()) continue;
    telemetry::LogWarning(
        "the links in mail lead to this machine, so nobody who gets it can unsubscribe; set "
        "school.public_url to the https URL of the gateway",
        {{"public_url", school.public_url}, {"transport", name}});
  }
}

absl::StatusOr<std::unique_ptr<Transports>> DispatchConfig::ToTransports(
    const service::SchoolConfig& school, const Clock& clock,
    const TransportConfig::Observers& observers) const {
  WarnOfLocalLinks(school);
  std::map<std::string, TransportConfig> all = transports;
  if (all.empty()) all.try_emplace(std::string(kConsole));
  std::vector<std::unique_ptr<Transport>> built;
  for (const auto& [name, transport] : all) {
    LMSMAIL_ASSIGN_OR_RETURN(SenderIdentity sender, ToSender(transport, school));
    LMSMAIL_ASSIGN_OR_RETURN(
        built.emplace_back(),
        transport.Create(name, std::move(sender), worker.max_in_flight, clock, observers));
  }
  auto all_built = std::make_unique<Transports>(std::move(built), DefaultTransport());
  LMSMAIL_RETURN_IF_ERROR(CheckSenders(*all_built));
  return all_built;
}

postgres::PoolOptions DispatchConfig::ToWorkerPool(postgres::PoolOptions calls) const {
  calls.size = static_cast<std::size_t>(worker.pool_size);
  calls.application_name += "-worker";
  return calls;
}

absl::StatusOr<Journals> DispatchConfig::ToJournals() const {
  return OpenJournals(worker.enabled ? worker.state_directory : "",
                      worker.journal ? static_cast<std::size_t>(worker.max_in_flight) : 0);
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
  options.routing = routes.ToRouting();
  options.limits = limits.ToRules();
  for (const auto& [name, transport] : transports) options.limits.transports[name] = transport.rate;
  return options;
}

}  // namespace lmsmail::dispatch
