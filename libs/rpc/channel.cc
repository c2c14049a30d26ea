#include "libs/rpc/channel.h"

#include <grpcpp/create_channel.h>
#include <grpcpp/support/channel_arguments.h>

#include <utility>

#include "libs/rpc/user_agent.h"
#include "libs/status/status_macros.h"

namespace lmsmail::rpc {
namespace {

// Format: grpc/proposal A6 (retries) and grpc/service_config.proto. The empty name stands for every
// method. Throttling stops retries when most calls fail, so that they cannot overload a peer.
constexpr char kServiceConfig[] = R"({
  "loadBalancingConfig": [{"round_robin": {}}],
  "methodConfig": [{
    "name": [{}],
    "retryPolicy": {
      "maxAttempts": 4,
      "initialBackoff": "0.1s",
      "maxBackoff": "2s",
      "backoffMultiplier": 2,
      "retryableStatusCodes": ["UNAVAILABLE"]
    }
  }],
  "retryThrottling": {"maxTokens": 100, "tokenRatio": 0.1}
})";

}  // namespace

absl::StatusOr<std::shared_ptr<grpc::Channel>> NewChannel(const ChannelOptions& options) {
  std::optional<TlsFiles> tls = options.tls;
  if (tls && options.on_behalf_of_others) tls->certificate = tls->key = "";
  LMSMAIL_ASSIGN_OR_RETURN(auto credentials, ClientCredentials(tls));
  grpc::ChannelArguments arguments;
  if (!options.on_behalf_of_others) arguments.SetUserAgentPrefix(UserAgentPrefix());
  arguments.SetMaxReceiveMessageSize(options.max_receive_bytes);
  arguments.SetMaxSendMessageSize(options.max_send_bytes);
  arguments.SetServiceConfigJSON(kServiceConfig);
  arguments.SetInt(GRPC_ARG_ENABLE_RETRIES, options.on_behalf_of_others ? 0 : 1);
  // A TXT record of the target's name must not change the service config.
  arguments.SetInt(GRPC_ARG_SERVICE_CONFIG_DISABLE_RESOLUTION, 1);
  // Detects a dead peer within a minute; TCP takes a quarter of an hour.
  arguments.SetInt(GRPC_ARG_KEEPALIVE_TIME_MS, 30'000);
  arguments.SetInt(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, 10'000);
  arguments.SetInt(GRPC_ARG_KEEPALIVE_PERMIT_WITHOUT_CALLS, 1);
  arguments.SetInt(GRPC_ARG_HTTP2_MAX_PINGS_WITHOUT_DATA, 0);
  // Reconnects to a restarted peer within seconds; the default backs off to two minutes.
  arguments.SetInt(GRPC_ARG_INITIAL_RECONNECT_BACKOFF_MS, 200);
  arguments.SetInt(GRPC_ARG_MIN_RECONNECT_BACKOFF_MS, 1'000);
  arguments.SetInt(GRPC_ARG_MAX_RECONNECT_BACKOFF_MS, 5'000);
  // A replaced pod has another address. The default, half a minute, is longer than an update of two
  // pods, at whose end none of the known addresses would be left.
  arguments.SetInt(GRPC_ARG_DNS_MIN_TIME_BETWEEN_RESOLUTIONS_MS, 1'000);
  return grpc::CreateCustomChannel(options.target, credentials, arguments);
}

}  // namespace lmsmail::rpc
