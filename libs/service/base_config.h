#pragma once

#include <cstdint>
#include <string>

#include "absl/time/time.h"

#include "libs/config/schema.h"
#include "libs/config/types.h"
#include "libs/service/postgres_config.h"
#include "libs/service/process_config.h"

namespace lmsmail::service {

// The configuration keys that every gRPC service has. A service's own keys are in a struct of its
// own.
struct BaseConfig : ProcessConfig {
  BaseConfig(std::uint16_t port, std::uint16_t metrics_port)
      : ProcessConfig(metrics_port), listen{"127.0.0.1", port} {}

  config::HostPort listen;
  config::HostPort health_listen;  // without a host: none

  struct Rpc {
    std::int32_t threads = 8;
    std::int32_t queue = 256;
    std::int32_t max_streams = 64;
    absl::Duration default_deadline = absl::Seconds(30);
    absl::Duration stream_idle = absl::Minutes(1);
    std::int64_t max_receive_size = 4 << 20;
    std::int32_t max_connection_calls = 128;
    std::int64_t max_request_memory = 96 << 20;
    absl::Duration probe_interval = absl::Seconds(5);
  } rpc;

  enum class Reflection { kAuto, kOn, kOff } reflection = Reflection::kAuto;

  // Without a certificate the server speaks plain text. Client authorities verify the certificates
  // of clients, who need one unless auth.callers_file lets them have a token instead.
  struct Tls {
    std::string certificate;
    std::string key;
    std::string client_authorities;
  } tls;

  PostgresConfig postgres;

  absl::Duration audit_retention = absl::Hours(24 * 730);

  // --migrate: migrate the schema and exit.
  bool migrate_only = false;

  // Must outlive schema.Load().
  void Declare(config::Schema& schema);

  bool HasReflection() const;

 private:
  void Check(Violations& violations) const;
};

}  // namespace lmsmail::service
