#pragma once

#include <grpcpp/impl/codegen/service_type.h>
#include <grpcpp/server.h>

#include <concepts>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"

#include "libs/rpc/tls.h"

namespace lmsmail::rpc {

// A service with the name that health checks ask for. Does not own it.
struct HostedService {
  std::string name;
  grpc::Service* service;
  absl::Status ready;  // why it cannot be hosted; OK: it can
};

// Host<pb::TemplateService>(template_service)
template <typename Api, std::derived_from<grpc::Service> Implementation>
HostedService Host(Implementation& implementation) {
  HostedService hosted{Api::service_full_name(), &implementation, absl::OkStatus()};
  if constexpr (requires { implementation.CheckBound(); })
    hosted.ready = implementation.CheckBound();
  return hosted;
}

struct ServerOptions {
  std::string listen = "127.0.0.1:0";          // port 0: any free one, see Server::port()
  std::optional<TlsFiles> tls = std::nullopt;  // absent: plain text
  int max_receive_bytes = 4 << 20;
  int max_send_bytes = 16 << 20;
  // Connections are asked to reconnect after this, so that clients find new replicas.
  absl::Duration max_connection_age = absl::Minutes(5);
  absl::Duration max_connection_age_grace = absl::Minutes(1);
};

// A running gRPC server with reflection and the standard health service (overall, name "", and one
// per hosted service). Starts as NOT_SERVING.
class Server {
 public:
  // An address that cannot be listened on is UNAVAILABLE; unreadable TLS files INVALID_ARGUMENT;
  // a method without a handler INTERNAL, see BoundService.
  static absl::StatusOr<std::unique_ptr<Server>> Start(const ServerOptions& options,
                                                       const std::vector<HostedService>& services);
  ~Server();  // Shutdown, at once

  int port() const { return port_; }

  // What health checks are told. Calls are served either way: balancers act on this, peers need
  // not.
  void SetServing(bool serving);

  // Tells health checks NOT_SERVING, takes no new calls, and returns when those in flight are done,
  // or, after cancelling what is left, soon after `deadline`. Connections are part of it: an idle
  // C++ client looks at its own only every 5 s, and is waited for.
  void Shutdown(absl::Time deadline);

 private:
  Server(std::unique_ptr<grpc::Server> server, int port, std::vector<std::string> names);

  std::unique_ptr<grpc::Server> server_;
  const int port_;
  const std::vector<std::string> names_;
};

}  // namespace lmsmail::rpc
