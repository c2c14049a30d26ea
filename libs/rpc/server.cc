#include "libs/rpc/server.h"

#include <fmt/format.h>
#include <google/protobuf/message.h>
#include <grpcpp/ext/proto_server_reflection_plugin.h>
#include <grpcpp/health_check_service_interface.h>
#include <grpcpp/impl/server_builder_option.h>
#include <grpcpp/impl/server_builder_plugin.h>
#include <grpcpp/resource_quota.h>
#include <grpcpp/server_builder.h>

#include <algorithm>
#include <limits>
#include <mutex>
#include <utility>

#include "absl/time/clock.h"
#include "grpc/health/v1/health.pb.h"

#include "libs/status/status_macros.h"

namespace lmsmail::rpc {
namespace {

int Milliseconds(absl::Duration duration) {
  return static_cast<int>(
      std::min<std::int64_t>(absl::ToInt64Milliseconds(duration), std::numeric_limits<int>::max()));
}

// Settings of the whole process, which take effect for servers built later.
void EnableHealthChecksAndReflection() {
  static std::once_flag once;
  std::call_once(once, [] {
    grpc::EnableDefaultHealthCheckService(true);
    grpc::reflection::InitProtoReflectionServerBuilderPlugin();
    // gRPC's health service has no descriptor; this links one, which reflection needs.
    google::protobuf::LinkMessageReflection<grpc::health::v1::HealthCheckRequest>();
  });
}

// For a server that must not have the reflection that the process has.
class WithoutReflection final : public grpc::ServerBuilderOption {
 public:
  void UpdateArguments(grpc::ChannelArguments*) override {}
  void UpdatePlugins(std::vector<std::unique_ptr<grpc::ServerBuilderPlugin>>* plugins) override {
    std::erase_if(*plugins,
                  [](const auto& plugin) { return plugin->name() == "proto_server_reflection"; });
  }
};

absl::Status CannotListen(const std::string& address) {
  return absl::UnavailableError(
      fmt::format("cannot listen on {}: check the address and whether the port is free", address));
}

void SetArguments(const ServerOptions& options, grpc::ServerBuilder& builder) {
  builder.SetMaxSendMessageSize(options.max_send_bytes);
  // Makes a second server on the same port fail instead of sharing the calls.
  builder.AddChannelArgument(GRPC_ARG_ALLOW_REUSEPORT, 0);
  builder.AddChannelArgument(GRPC_ARG_MAX_CONNECTION_AGE_MS,
                             Milliseconds(options.max_connection_age));
  builder.AddChannelArgument(GRPC_ARG_MAX_CONNECTION_AGE_GRACE_MS,
                             Milliseconds(options.max_connection_age_grace));
  // Detects dead peers, and allows clients to ping as often as NewChannel() does.
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_TIME_MS, Milliseconds(absl::Minutes(1)));
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, Milliseconds(absl::Seconds(20)));
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_PERMIT_WITHOUT_CALLS, 1);
  builder.AddChannelArgument(GRPC_ARG_HTTP2_MIN_RECV_PING_INTERVAL_WITHOUT_DATA_MS,
                             Milliseconds(absl::Seconds(20)));
}

// Bounds what clients make gRPC hold before a handler or the RequestBudget sees their call.
void BoundMemory(const ServerOptions& options, grpc::ServerBuilder& builder) {
  builder.SetMaxReceiveMessageSize(options.max_receive_bytes);
  builder.AddChannelArgument(GRPC_ARG_MAX_CONCURRENT_STREAMS, options.max_concurrent_streams);
  builder.SetResourceQuota(grpc::ResourceQuota("server").Resize(options.buffer_bytes));
  // A compressed message can be a thousand times its size. gRPC refuses calls that announce one of
  // these, and never unpacks a message that is compressed all the same.
  builder.SetCompressionAlgorithmSupportStatus(GRPC_COMPRESS_DEFLATE, false);
  builder.SetCompressionAlgorithmSupportStatus(GRPC_COMPRESS_GZIP, false);
  builder.AddChannelArgument(GRPC_ARG_ENABLE_PER_MESSAGE_DECOMPRESSION, 0);
}

}  // namespace

absl::StatusOr<std::unique_ptr<Server>> Server::Start(const ServerOptions& options,
                                                      const std::vector<HostedService>& services) {
  EnableHealthChecksAndReflection();
  for (const HostedService& hosted : services) LMSMAIL_RETURN_IF_ERROR(hosted.ready);
  std::unique_ptr<Server> started(new Server());
  LMSMAIL_RETURN_IF_ERROR(started->Listen(options, services));
  if (!options.health_listen.empty()) {
    LMSMAIL_RETURN_IF_ERROR(started->ListenForHealthChecks(options));
  }
  started->SetServing(false);
  return started;
}

absl::Status Server::Listen(const ServerOptions& options,
                            const std::vector<HostedService>& services) {
  LMSMAIL_ASSIGN_OR_RETURN(auto credentials,
                           ServerCredentials(options.listen, options.tls, options.authenticator));
  grpc::ServerBuilder builder;
  SetArguments(options, builder);
  BoundMemory(options, builder);
  if (!options.reflection) builder.SetOption(std::make_unique<WithoutReflection>());
  builder.AddListeningPort(options.listen, std::move(credentials), &port_);
  for (const HostedService& hosted : services) {
    builder.RegisterService(hosted.service);
    names_.push_back(hosted.name);
  }
  server_ = builder.BuildAndStart();
  return server_ != nullptr && port_ > 0 ? absl::OkStatus() : CannotListen(options.listen);
}

absl::Status Server::ListenForHealthChecks(const ServerOptions& options) {
  grpc::ServerBuilder builder;
  SetArguments(options, builder);
  BoundMemory(options, builder);
  builder.SetOption(std::make_unique<WithoutReflection>());
  // gRPC starts no server without a service of its user's; this one answers UNIMPLEMENTED.
  builder.RegisterCallbackGenericService(&other_services_);
  builder.AddListeningPort(options.health_listen, grpc::InsecureServerCredentials(), &health_port_);
  health_server_ = builder.BuildAndStart();
  if (health_server_ == nullptr || health_port_ <= 0) return CannotListen(options.health_listen);
  health_server_->GetHealthCheckService()->SetServingStatus(kLiveness, true);
  return absl::OkStatus();
}

Server::~Server() { Shutdown(absl::Now()); }

void Server::SetServing(bool serving) {
  for (grpc::Server* const server : {server_.get(), health_server_.get()}) {
    if (server == nullptr) continue;
    grpc::HealthCheckServiceInterface* const health = server->GetHealthCheckService();
    health->SetServingStatus("", serving);
    for (const std::string& name : names_) health->SetServingStatus(name, serving);
  }
}

void Server::SetServing(const std::string& name, bool serving) {
  for (grpc::Server* const server : {server_.get(), health_server_.get()}) {
    if (server != nullptr) server->GetHealthCheckService()->SetServingStatus(name, serving);
  }
}

void Server::Shutdown(absl::Time deadline) {
  // Last, so that probes learn that the server stops instead of failing.
  for (grpc::Server* const server : {server_.get(), health_server_.get()}) {
    if (server == nullptr) continue;
    server->GetHealthCheckService()->Shutdown();
    server->Shutdown(absl::ToChronoTime(deadline));
  }
}

}  // namespace lmsmail::rpc
