#pragma once

#include <grpcpp/generic/async_generic_service.h>
#include <grpcpp/impl/codegen/service_type.h>
#include <grpcpp/server.h>

#include <concepts>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"

#include "libs/rpc/authenticator.h"
#include "libs/rpc/tls.h"

namespace lmsmail::rpc {

// A service, not owned, with its name in health checks.
struct HostedService {
  std::string name;
  grpc::Service* service;
  absl::Status ready;  // why the service cannot be hosted, or OK
};

// Host<pb::TemplateService>(template_service)
template <typename Api, std::derived_from<grpc::Service> Implementation>
HostedService Host(Implementation& implementation) {
  HostedService hosted{Api::service_full_name(), &implementation, absl::OkStatus()};
  if constexpr (requires { implementation.CheckBound(); })
    hosted.ready = implementation.CheckBound();
  return hosted;
}

// The name in health checks by health_listen that is SERVING as long as the process answers, for
// probes that restart it: a service that misses its database is NOT_SERVING, which no restart
// mends.
inline constexpr char kLiveness[] = "live";

struct ServerOptions {
  std::string listen = "127.0.0.1:0";          // port 0: a free one, see Server::port()
  std::optional<TlsFiles> tls = std::nullopt;  // absent: plain text
  Authenticator authenticator = {};            // its directory must outlive the server
  bool reflection = true;
  // A second address, which offers health checks alone, in plain text and to everybody: probes of
  // Kubernetes speak no TLS. Empty: none.
  std::string health_listen = {};
  int max_receive_bytes = 4 << 20;
  // Open calls on one connection; a client keeps further ones back.
  int max_concurrent_streams = 128;
  // For what gRPC holds before a request is parsed. Beyond it, gRPC reads more slowly and then
  // ends connections and calls.
  std::size_t buffer_bytes = 64 << 20;
  int max_send_bytes = 16 << 20;
  // Clients are asked to reconnect after this time, so that they find new replicas.
  absl::Duration max_connection_age = absl::Minutes(5);
  absl::Duration max_connection_age_grace = absl::Minutes(1);
};

// A running gRPC server with the standard health service (overall, name "", and one per hosted
// service), which needs no credentials. Starts as NOT_SERVING.
class Server {
 public:
  // UNAVAILABLE for an address that cannot be bound, INVALID_ARGUMENT for unreadable TLS files,
  // INTERNAL for a method without a handler (see BoundService).
  static absl::StatusOr<std::unique_ptr<Server>> Start(const ServerOptions& options,
                                                       const std::vector<HostedService>& services);
  ~Server();  // Shutdown() without waiting

  int port() const { return port_; }
  int health_port() const { return health_port_; }  // 0 without health_listen

  // The status that health checks report, for load balancers. Calls are served either way.
  void SetServing(bool serving);
  // The same for `name` alone, which is no service of this server.
  void SetServing(const std::string& name, bool serving);

  // Reports NOT_SERVING, refuses new calls and waits for those in flight. After `deadline` it
  // cancels them and returns soon. It also waits for clients to close their connections; an idle
  // C++ client does so only every 5 s.
  void Shutdown(absl::Time deadline);

 private:
  Server() = default;

  absl::Status Listen(const ServerOptions& options, const std::vector<HostedService>& services);
  absl::Status ListenForHealthChecks(const ServerOptions& options);

  grpc::CallbackGenericService other_services_;  // of the server for health checks
  std::unique_ptr<grpc::Server> server_;
  std::unique_ptr<grpc::Server> health_server_;  // null without health_listen
  int port_ = 0;
  int health_port_ = 0;
  std::vector<std::string> names_;
};

}  // namespace lmsmail::rpc
