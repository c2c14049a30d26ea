#include "services/gateway/json_api.h"

#include <string>
#include <utility>
#include <vector>

#include "libs/rpc/channel.h"
#include "libs/service/peer_config.h"
#include "libs/status/status_macros.h"
#include "lmsmail/dispatch/v1/dispatch_service.grpc.pb.h"
#include "lmsmail/preference/v1/preference_service.grpc.pb.h"
#include "lmsmail/report/v1/report_service.grpc.pb.h"
#include "lmsmail/scheduler/v1/scheduler_service.grpc.pb.h"
#include "lmsmail/templates/v1/template_service.grpc.pb.h"
#include "services/gateway/openapi/served_document.h"
#include "services/gateway/web/connect_routes.h"

namespace lmsmail::gateway {
namespace {

template <typename Api, typename Request>
std::string LinkedName() {
  // Links the descriptors, which the catalog finds by name.
  google::protobuf::LinkMessageReflection<Request>();
  return Api::service_full_name();
}

// The calls of operators have a connection of their own, so that they never keep the links in mail
// or webhooks waiting.
absl::StatusOr<std::shared_ptr<grpc::Channel>> ChannelTo(const service::PeerConfig& peer) {
  rpc::ChannelOptions options = peer.Channel();
  options.on_behalf_of_others = true;
  return rpc::NewChannel(options);
}

}  // namespace

absl::StatusOr<std::unique_ptr<JsonApi>> JsonApi::Create(const GatewayConfig& config) {
  const std::vector<std::pair<std::string, const service::PeerConfig*>> peers = {
      {LinkedName<templates::v1::TemplateService, templates::v1::Template>(), &config.templates},
      {LinkedName<preference::v1::PreferenceService, preference::v1::Recipient>(),
       &config.preference},
      {LinkedName<dispatch::v1::DispatchService, dispatch::v1::Message>(), &config.dispatch},
      {LinkedName<scheduler::v1::SchedulerService, scheduler::v1::Schedule>(), &config.scheduler},
      {LinkedName<report::v1::ReportService, report::v1::Course>(), &config.report}};
  GenericClient::Channels channels;
  std::vector<std::string> services;
  for (const auto& [service, peer] : peers) {
    services.push_back(service);
    LMSMAIL_ASSIGN_OR_RETURN(channels[service], ChannelTo(*peer));
  }
  LMSMAIL_ASSIGN_OR_RETURN(MethodCatalog catalog, MethodCatalog::Create(services));
  return std::unique_ptr<JsonApi>(new JsonApi(std::move(catalog), channels, config));
}

JsonApi::JsonApi(MethodCatalog catalog, const GenericClient::Channels& channels,
                 const GatewayConfig& config)
    : max_stream_size_(config.api.max_stream_size),
      catalog_(std::move(catalog)),
      executor_(config.ToApiExecutor()),
      stream_executor_(config.ToApiStreamExecutor()),
      client_(channels),
      handlers_(catalog_, client_, executor_, stream_executor_, config.ToApi()) {}

void JsonApi::AddRoutes(http_server::Router& router) {
  AddConnectRoutes(handlers_, max_stream_size_, router);
  AddOpenApiRoute(std::string(ServedDocument()), router);
}

void JsonApi::Stop() {
  // In this order: what is read makes calls, and what calls return is written.
  stream_executor_.Stop();
  client_.Stop();
  executor_.Stop();
}

}  // namespace lmsmail::gateway
