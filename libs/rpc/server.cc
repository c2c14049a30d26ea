#include "libs/rpc/server.h"

#include <fmt/format.h>
#include <google/protobuf/message.h>
#include <grpcpp/ext/proto_server_reflection_plugin.h>
#include <grpcpp/health_check_service_interface.h>
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

// Both are settings of the whole process and take effect for servers built later.
void EnableHealthAndReflection() {
  static std::once_flag once;
  std::call_once(once, [] {
    grpc::EnableDefaultHealthCheckService(true);
    grpc::reflection::InitProtoReflectionServerBuilderPlugin();
    // gRPC's health service has no descriptor; this links one, which reflection needs.
    google::protobuf::LinkMessageReflection<grpc::health::v1::HealthCheckRequest>();
  });
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
  EnableHealthAndReflection();
  for (const HostedService& hosted : services) LMSMAIL_RETURN_IF_ERROR(hosted.ready);
  LMSMAIL_ASSIGN_OR_RETURN(auto credentials, ServerCredentials(options.tls));
  grpc::ServerBuilder builder;
  SetArguments(options, builder);
  BoundMemory(options, builder);
  int port = 0;
  builder.AddListeningPort(options.listen, std::move(credentials), &port);
  std::vector<std::string> names;
  for (const HostedService& hosted : services) {
    builder.RegisterService(hosted.service);
    names.push_back(hosted.name);
  }
  std::unique_ptr<grpc::Server> server = builder.BuildAndStart();
  if (server == nullptr || port <= 0) {
    return absl::UnavailableError(fmt::format(
        "cannot listen on {}: check the address and whether the port is free", options.listen));
  }
  auto started = std::unique_ptr<Server>(new Server(std::move(server), port, std::move(names)));
  started->SetServing(false);
  return started;
}

Server::Server(std::unique_ptr<grpc::Server> server, int port, std::vector<std::string> names)
    : server_(std::move(server)), port_(port), names_(std::move(names)) {}

Server::~Server() { Shutdown(absl::Now()); }

void Server::SetServing(bool serving) {
  grpc::HealthCheckServiceInterface* const health = server_->GetHealthCheckService();
  health->SetServingStatus("", serving);
  for (const std::string& name : names_) health->SetServingStatus(name, serving);
}

void Server::SetServing(const std::string& name, bool serving) {
  server_->GetHealthCheckService()->SetServingStatus(name, serving);
}

void Server::Shutdown(absl::Time deadline) {
  server_->GetHealthCheckService()->Shutdown();
  server_->Shutdown(absl::ToChronoTime(deadline));
}

}  // namespace lmsmail::rpc
