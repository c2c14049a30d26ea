#include "libs/service/base_config.h"

#include "libs/loopback/loopback.h"
#include "libs/secret_file/secret_file.h"

namespace lmsmail::service {

void BaseConfig::Declare(config::Schema& schema) {
  schema.Address("listen", &listen, "Address of the gRPC server; port 0 takes a free one.");
  schema.Address("health_listen", &health_listen,
                 "Address that offers health checks alone, in plain text and to everybody, for "
                 "probes that speak no TLS, such as those of Kubernetes; empty: none.");
  schema.Enum("reflection", &reflection,
              {{"auto", Reflection::kAuto}, {"on", Reflection::kOn}, {"off", Reflection::kOff}},
              "Whether the server describes its methods to tools such as grpcurl: auto means only "
              "while it listens on this machine alone.");
  ProcessConfig::Declare(schema);

  config::Group rpc_keys = schema.Sub("rpc");
  rpc_keys.Int32("threads", &rpc.threads, "Calls handled at a time.", {1, 256});
  rpc_keys.Int32("queue", &rpc.queue, "Calls that may wait for a thread; more are refused.",
                 {1, 100'000});
  rpc_keys.Int32("max_streams", &rpc.max_streams, "Client streams open at a time.", {1, 100'000});
  rpc_keys.Duration("default_deadline", &rpc.default_deadline, "Deadline of calls without one.",
                    {absl::Milliseconds(100), absl::Hours(1)});
  rpc_keys.Bytes("max_receive_size", &rpc.max_receive_size,
                 "Size of the largest batch accepted; other requests may have half of it.",
                 {1024, 1 << 30});
  rpc_keys.Duration("stream_idle", &rpc.stream_idle,
                    "How long a client stream may wait for its caller's next message.",
                    {absl::Milliseconds(10), absl::Hours(1)});
  rpc_keys.Int32("max_connection_calls", &rpc.max_connection_calls,
                 "Open calls on one connection; clients keep further ones back.", {1, 100'000});
  rpc_keys.Bytes("max_request_memory", &rpc.max_request_memory,
                 "Memory of the requests that are handled at a time; one may take half of it, "
                 "and those beyond it are refused.",
                 {1 << 20, std::int64_t{1} << 40});
  rpc_keys.Duration("probe_interval", &rpc.probe_interval,
                    "How often the service connects to its own listener; it ends after three "
                    "connections that are not accepted within this time.",
                    {absl::Milliseconds(10), absl::Minutes(1)});

  config::Group tls_keys = schema.Sub("tls");
  tls_keys.String("certificate", &tls.certificate, "PEM file of the server's certificate chain.");
  tls_keys.String("key", &tls.key, "PEM file of the certificate's key.");
  tls_keys.String(
      "client_authorities", &tls.client_authorities,
      "PEM file of the authorities that must have issued clients' certificates; clients need "
      "one unless auth.callers_file lets them have a token.");

  postgres.Declare(schema.Sub("postgres"));
  schema.Duration("audit_retention", &audit_retention,
                  "How long the audit log keeps who called what; it names resources such as "
                  "recipients/ID.",
                  {absl::Hours(24 * 30), absl::Hours(24 * 3650)});
  schema.Switch("migrate", &migrate_only, "migrate the database schema and exit");

  schema.Check([this](Violations& violations) { Check(violations); });
}

void BaseConfig::Check(Violations& violations) const {
  postgres.Check(violations, insecure);
  if (tls.certificate.empty() != tls.key.empty()) {
    violations.Add("tls.certificate", "needs tls.key and the reverse: give both or neither");
  }
  if (tls.certificate.empty() && !tls.client_authorities.empty()) {
    violations.Add("tls.client_authorities", "needs tls.certificate and tls.key");
  }
  if (const absl::Status key = CheckSecretFile(tls.key); !key.ok()) {
    violations.Add("tls.key", std::string(key.message()));
  }
  CheckListener("listen", listen, "tls.certificate", tls.certificate, violations);
  CheckListener("metrics_listen", metrics_listen, "tls.certificate", tls.certificate, violations);
}

bool BaseConfig::HasReflection() const {
  if (reflection == Reflection::kAuto) return IsLoopbackHost(listen.host);
  return reflection == Reflection::kOn;
}

}  // namespace lmsmail::service
