#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "absl/time/time.h"

#include "libs/clock/clock.h"
#include "libs/config/schema.h"
#include "libs/postgres/pool.h"
#include "libs/service/base_config.h"
#include "libs/service/peer_config.h"
#include "libs/service/school_config.h"
#include "services/dispatch/claiming/journal_directory.h"
#include "services/dispatch/claiming/retention_config.h"
#include "services/dispatch/delivery/delivery_config.h"
#include "services/dispatch/delivery/worker.h"
#include "services/dispatch/limits/limits_config.h"
#include "services/dispatch/rendering/address_hashes.h"
#include "services/dispatch/rendering/composer.h"
#include "services/dispatch/rendering/message_id_header.h"
#include "services/dispatch/rendering/tracking_config.h"
#include "services/dispatch/transports/bounces_config.h"
#include "services/dispatch/transports/dkim_config.h"
#include "services/dispatch/transports/routes_config.h"
#include "services/dispatch/transports/transport_config.h"
#include "services/dispatch/transports/transports.h"

namespace lmsmail::dispatch {

// The configuration keys of this service. service::BaseConfig has those of every service.
struct DispatchConfig {
  // Empty: "console" alone, which needs no keys.
  std::map<std::string, TransportConfig> transports;
  std::string default_transport;  // empty: the only one there is
  RoutesConfig routes;
  std::string from = "noreply@lms.example";
  std::string from_name;  // empty: the school's name
  DkimConfig dkim;
  BouncesConfig bounces;

  std::string message_id_domain;  // empty: that of the default transport's From
  std::string secret_keys;        // the content of keys_file; may be empty

  service::PeerConfig template_service{.target = "127.0.0.1:7101"};
  service::PeerConfig preference_service{.target = "127.0.0.1:7102", .timeout = absl::Seconds(10)};

  struct WorkerKeys {
    bool enabled = true;
    std::string name;  // empty: host name and process id
    std::int32_t batch = 500;
    absl::Duration lease = absl::Seconds(60);
    std::int32_t max_in_flight = 2000;
    std::int32_t pool_size = 8;
    std::string state_directory = "/var/lib/lmsmail/dispatch";  // empty: none
    bool journal = true;
    absl::Duration flush_interval = absl::Milliseconds(30);
  } worker;

  DeliveryConfig delivery;
  TrackingConfig tracking;
  LimitsConfig limits;
  RetentionConfig retention;

  std::int64_t max_message_size = 1 << 20;
  absl::Duration sweep_interval = absl::Seconds(5);

  // Must outlive schema.Load(), as must `base`.
  void Declare(config::Schema& schema, const service::BaseConfig& base);

  // The methods below need a configuration that was loaded without violations.
  SiteIdentity ToSite(const service::SchoolConfig& school) const;
  absl::StatusOr<MessageIdHeader> ToMessageIds() const;
  absl::StatusOr<AddressHashes> ToAddressHashes() const;
  // Builds one mail of each transport. INVALID_ARGUMENT names the keys of a sender that cannot be
  // written. `clock` must outlive the transports.
  absl::StatusOr<std::unique_ptr<Transports>> ToTransports(
      const service::SchoolConfig& school, const Clock& clock,
      const TransportConfig::Observers& observers) const;
  // Opens those of the state directory.
  absl::StatusOr<Journals> ToJournals() const;
  Worker::Options ToWorker() const;
  // The pool of the worker and of maintenance; `calls` are the options of the pool for calls.
  postgres::PoolOptions ToWorkerPool(postgres::PoolOptions calls) const;

 private:
  void DeclareWorker(config::Group keys);
  void Check(bool insecure, Violations& violations) const;
  absl::StatusOr<std::optional<token::KeyRing>> ToKeys() const;
  void CheckKeys(Violations& violations) const;
  void CheckDefaultTransport(Violations& violations) const;
  absl::StatusOr<SenderIdentity> ToSender(const TransportConfig& transport,
                                          const service::SchoolConfig& school) const;
  std::string DefaultTransport() const;
  std::set<std::string> TransportNames() const;
  // Of the transport `name`, the key that `field` of its sender comes from.
  std::string KeyOf(std::string_view name, std::string_view field) const;
  void WarnOfLocalLinks(const service::SchoolConfig& school) const;
  absl::Status CheckSenders(const Transports& built) const;
  std::string Domain() const;
};

}  // namespace lmsmail::dispatch
