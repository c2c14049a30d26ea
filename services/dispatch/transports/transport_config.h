#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "absl/time/time.h"

#include "libs/address/email_address.h"
#include "libs/clock/clock.h"
#include "libs/config/schema.h"
#include "libs/smtp/options.h"
#include "libs/status/error_details.h"
#include "services/dispatch/storage/limit_store.h"
#include "services/dispatch/transports/circuit_breaker.h"
#include "services/dispatch/transports/connection_faults.h"
#include "services/dispatch/transports/dkim_config.h"
#include "services/dispatch/transports/provider_config.h"
#include "services/dispatch/transports/smtp_transport.h"
#include "services/dispatch/transports/transport.h"

namespace lmsmail::dispatch {

// The keys "transports.<name>.".
struct TransportConfig {
  enum class Kind { kConsole, kSmtp, kSendGrid, kMailgun };
  Kind kind = Kind::kConsole;
  std::string host;
  std::int32_t port = 25;
  smtp::TlsMode tls = smtp::TlsMode::kStartTls;
  std::string ca_file;
  std::string tls_server_name;  // empty: host
  std::string username;
  std::string password;
  std::string token_file;                             // path; instead of a password
  std::optional<smtp::AuthMechanism> auth_mechanism;  // nullopt: the best that is accepted
  bool allow_plaintext_credentials = false;
  std::string ehlo_name;
  bool pipelining = true;
  std::int32_t max_connections = 8;
  std::int32_t shared_connections = 0;  // of all replicas together; 0: no such limit
  std::int32_t max_messages_per_connection = 1000;
  RateRule rate;  // of all replicas together
  ProviderConfig provider;

  struct CircuitBreakerKeys {
    std::int32_t refusals = 3;
    absl::Duration min_open_time = absl::Minutes(1);
    absl::Duration max_open_time = absl::Hours(1);
    absl::Duration quota_open_time = absl::Hours(1);
  } circuit_breaker;

  // Empty: the service's own key of the same name.
  std::string from;
  std::string from_name;
  std::string reply_to;
  std::string envelope_from;  // empty: as `from`
  DkimConfig dkim;            // empty: the service's, if it covers `from`

  void Declare(config::Group keys);
  // `prefix` begins the keys: "transports.gmail.". `service_from` is the service's From address.
  void Check(std::string_view prefix, const std::string& service_from,
             Violations& violations) const;

  // The From address of its mail.
  const std::string& FromOr(const std::string& service_from) const {
    return from.empty() ? service_from : from;
  }

  // Whether each of its mails may have its own envelope sender.
  bool HasVariableSender() const { return kind == Kind::kSmtp && envelope_from.empty(); }

  // Whether its mail goes to another machine.
  bool LeavesThisMachine() const;

  // Observers of transports. What they call must outlive the transports.
  struct Observers {
    SmtpTransport::DotObserver before_dot;
    std::function<void(const std::string& transport, std::optional<CircuitBreaker::Cause>)>
        breaker_changed;
    ConnectionFaults::Observer connection_failed;
  };
  // Of a configuration that was loaded without a violation. `max_queued` mails wait in it at most.
  absl::StatusOr<std::unique_ptr<Transport>> Create(const std::string& name, SenderIdentity sender,
                                                    std::int32_t max_queued, const Clock& clock,
                                                    const Observers& observers) const;

 private:
  void DeclareLogin(config::Group keys);
  void CheckNames(std::string_view prefix, Violations& violations) const;
  void CheckLogin(std::string_view prefix, Violations& violations) const;
  // nullopt for the kinds that are no provider's.
  std::optional<ProviderConfig::Provider> provider_kind() const;
  void CheckProvider(std::string_view prefix, Violations& violations) const;
  smtp::Options ToSmtp(std::int32_t max_queued) const;
  absl::StatusOr<std::unique_ptr<Transport>> CreateSmtp(const std::string& name,
                                                        SenderIdentity sender,
                                                        std::int32_t max_queued, const Clock& clock,
                                                        const Observers& observers) const;
  absl::StatusOr<std::unique_ptr<Transport>> CreateProvider(const std::string& name,
                                                            SenderIdentity sender,
                                                            std::int32_t max_queued,
                                                            const Clock& clock,
                                                            const Observers& observers) const;
};

// The host's name, or "unknown".
std::string HostName();

// An address that our mail is from, in ASCII: its domain in A-labels. Errors read well after the
// key's name.
absl::StatusOr<address::EmailAddress> ParseSenderAddress(const std::string& text);

// Adds a violation for `field` unless `address` is empty or a sender address.
void CheckAddress(const std::string& address, std::string field, Violations& violations);

}  // namespace lmsmail::dispatch
