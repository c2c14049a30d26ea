#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"

#include "libs/clock/clock.h"
#include "libs/config/schema.h"
#include "libs/service/peer_config.h"
#include "libs/service/school_config.h"
#include "libs/smtp/options.h"
#include "services/dispatch/delivery/worker.h"
#include "services/dispatch/limits/limits_config.h"
#include "services/dispatch/rendering/composer.h"
#include "services/dispatch/rendering/message_id_header.h"
#include "services/dispatch/transports/dkim_config.h"
#include "services/dispatch/transports/smtp_transport.h"
#include "services/dispatch/transports/transports.h"

namespace lmsmail::dispatch {

// One way out, as the keys below "transports.<name>." describe it.
struct TransportConfig {
  enum class Kind { kConsole, kSmtp };
  Kind kind = Kind::kConsole;
  std::string host;
  std::int32_t port = 25;
  smtp::TlsMode tls = smtp::TlsMode::kStartTls;
  std::string ca_file;
  std::string username;
  std::string password;
  std::string token_file;  // path; instead of a password
  bool allow_plaintext_credentials = false;
  std::string ehlo_name;
  std::int32_t max_connections = 8;
  std::int32_t shared_connections = 0;  // of all replicas together; 0: no such limit
  std::int32_t max_messages_per_connection = 1000;
  RateRule rate;  // of all replicas together

  struct HoldKeys {
    std::int32_t refusals = 3;
    absl::Duration first = absl::Minutes(1);
    absl::Duration longest = absl::Hours(1);
  } hold;

  std::string from;  // empty: the key `from` of the whole service
  std::string from_name;
  std::string reply_to;
  std::string envelope_from;  // empty: as `from`
  DkimConfig dkim;            // empty: the service's, if it covers `from`
};

// The service's own keys; those that every service has are service::BaseConfig's.
struct DispatchConfig {
  // Beside "console", which is there without configuration.
  std::map<std::string, TransportConfig> transports;
  std::string default_transport = "console";
  std::string from = "noreply@lms.example";
  std::string from_name;  // empty: the school's name
  DkimConfig dkim;

  std::string message_id_domain;  // empty: of the default transport's From
  std::string message_id_keys;    // what the file at message_id_keys_file holds; may be empty

  service::PeerConfig template_service{.target = "127.0.0.1:7101"};
  service::PeerConfig preference_service{.target = "127.0.0.1:7102", .timeout = absl::Seconds(10)};

  struct WorkerKeys {
    bool enabled = true;
    std::string name;  // empty: host name and process id
    std::int32_t batch = 500;
    absl::Duration lease = absl::Seconds(60);
    std::int32_t max_in_flight = 2000;
    std::string journal;  // path; empty: none
    absl::Duration flush_interval = absl::Milliseconds(30);
  } worker;

  struct DeliveryKeys {
    std::int32_t max_attempts = 12;
    absl::Duration first_retry = absl::Minutes(1);
    absl::Duration longest_retry = absl::Hours(1);
    absl::Duration greylist_retry = absl::Minutes(5);
    absl::Duration ambiguous_retry = absl::Seconds(30);
    absl::Duration peer_retry = absl::Seconds(5);
    std::vector<std::string> resend_uncertain = NamesOf(DeliveryPolicy().resend_uncertain);
    std::vector<std::string> resend_recovered = NamesOf(DeliveryPolicy().resend_recovered);
  } delivery;

  LimitsConfig limits;

  std::int64_t max_message_size = 1 << 20;
  absl::Duration sweep_interval = absl::Seconds(5);

  // Must outlive schema.Load().
  void Declare(config::Schema& schema);

  // Of a configuration that was loaded without a fault.
  SiteIdentity ToSite(const service::SchoolConfig& school) const;
  absl::StatusOr<MessageIdHeader> ToMessageIds() const;
  // The clock and what is called must outlive the transports.
  using BreakerObserver = std::function<void(const std::string& transport, bool held)>;
  absl::StatusOr<std::unique_ptr<Transports>> ToTransports(const service::SchoolConfig& school,
                                                           const Clock& clock,
                                                           SmtpTransport::DotObserver before_dot,
                                                           BreakerObserver held) const;
  Worker::Options ToWorker() const;

 private:
  static std::vector<std::string> NamesOf(const std::set<Category>& categories);
  void DeclareTransport(const std::string& name, config::Group keys);
  void DeclareDelivery(config::Group keys);
  void Check(Violations& violations) const;
  void CheckTransport(const std::string& name, const TransportConfig& transport,
                      Violations& violations) const;
  const std::string& FromOf(const TransportConfig& transport) const;
  absl::StatusOr<SenderIdentity> ToSender(const TransportConfig& transport,
                                          const service::SchoolConfig& school) const;
  std::string Domain() const;
};

}  // namespace lmsmail::dispatch
