#include "services/gateway/public_listener.h"

#include <optional>
#include <utility>

#include "libs/clock/clock.h"
#include "libs/http_server/router.h"
#include "libs/http_server/server.h"
#include "libs/rpc/channel.h"
#include "libs/rpc/executor.h"
#include "libs/status/status_macros.h"
#include "lmsmail/dispatch/v1/dispatch_service.grpc.pb.h"
#include "lmsmail/preference/v1/preference_service.grpc.pb.h"
#include "services/gateway/bounces/report_intake.h"
#include "services/gateway/clients/dispatch_client.h"
#include "services/gateway/clients/preference_client.h"
#include "services/gateway/pages/pages.h"
#include "services/gateway/web/bounce_handler.h"
#include "services/gateway/web/bounce_routes.h"
#include "services/gateway/web/http_metrics.h"
#include "services/gateway/web/link_handlers.h"
#include "services/gateway/web/routes.h"
#include "services/gateway/web/security_headers.h"
#include "services/gateway/web/tracking_handlers.h"
#include "services/gateway/web/webhook_handlers.h"
#include "services/gateway/webhooks/mailgun_signatures.h"
#include "services/gateway/webhooks/sendgrid_keys.h"

namespace lmsmail::gateway {
namespace {

using lmsmail::dispatch::v1::DispatchService;
using lmsmail::preference::v1::PreferenceService;

// The links by which a reader changes what she gets.
class Links {
 public:
  Links(const GatewayConfig& config, std::shared_ptr<grpc::Channel> preference, const Pages& pages)
      : client_(PreferenceService::NewStub(std::move(preference)), config.preference.timeout),
        handlers_(client_, pages),
        executor_(config.ToExecutor()) {}

  void AddRoutes(http_server::Router& router) { AddLinkRoutes(handlers_, executor_, router); }
  void Stop() { executor_.Stop(); }

 private:
  PreferenceClient client_;
  LinkHandlers handlers_;
  rpc::Executor executor_;
};

// What providers report.
class Webhooks {
 public:
  Webhooks(const GatewayConfig& config, EventLog& events, const Clock& clock,
           telemetry::Metrics& metrics)
      : sendgrid_(config.ToSendgridKeys()), executor_(config.ToWebhookExecutor()) {
    if (const std::string& key = config.webhooks.mailgun.signing_key; !key.empty()) {
      mailgun_.emplace(key, clock);
    }
    handlers_.emplace(sendgrid_ ? &*sendgrid_ : nullptr, mailgun_ ? &*mailgun_ : nullptr, events,
                      metrics);
  }

  void AddRoutes(http_server::Router& router) { AddWebhookRoutes(*handlers_, executor_, router); }
  void Stop() { executor_.Stop(); }

 private:
  const std::optional<SendgridKeys> sendgrid_;
  std::optional<MailgunSignatures> mailgun_;
  std::optional<WebhookHandlers> handlers_;
  rpc::Executor executor_;
};

// What mail servers report.
class Bounces {
 public:
  Bounces(const GatewayConfig& config, return_path::ReturnPaths return_paths, EventLog& events,
          const Clock& clock, telemetry::Metrics& metrics)
      : return_paths_(std::move(return_paths)),
        intake_(return_paths_, clock, events),
        handler_(intake_, metrics),
        executor_(config.ToBounceExecutor()) {}

  void AddRoutes(http_server::Router& router) { AddBounceRoutes(handler_, executor_, router); }
  void Stop() { executor_.Stop(); }

 private:
  const return_path::ReturnPaths return_paths_;
  ReportIntake intake_;
  BounceHandler handler_;
  rpc::Executor executor_;
};

// The pixels and tracked links of mail.
class Tracking {
 public:
  Tracking(tracking::Links links, EventLog& log, const Pages& pages, const Clock& clock,
           telemetry::Metrics& metrics)
      : links_(std::move(links)),
        events_(log, clock, metrics, kBatches, {}),
        handlers_(links_, events_, pages, clock, metrics) {
    events_.Start();
  }

  void AddRoutes(http_server::Router& router) { AddTrackingRoutes(handlers_, router); }
  void Stop() { events_.Stop(); }

 private:
  // One gathers events or is answered while the other is recorded.
  static constexpr int kBatches = 2;

  const tracking::Links links_;
  EventBatchers events_;
  TrackingHandlers handlers_;
};

class Listener final : public PublicListener {
 public:
  Listener(const GatewayConfig& config, std::shared_ptr<grpc::Channel> preference,
           std::shared_ptr<grpc::Channel> dispatch, Pages pages, telemetry::Metrics& metrics)
      : pages_(std::move(pages)),
        dispatch_(DispatchService::NewStub(std::move(dispatch)), config.dispatch.timeout),
        links_(config, std::move(preference), pages_),
        webhooks_(config, dispatch_, clock_, metrics) {
    if (auto paths = config.ToReturnPaths()) {
      bounces_.emplace(config, *std::move(paths), dispatch_, clock_, metrics);
      bounces_->AddRoutes(router_);
    }
    if (auto keys = config.ToTrackingLinks()) {
      tracking_.emplace(*std::move(keys), dispatch_, pages_, clock_, metrics);
      tracking_->AddRoutes(router_);
    }
    links_.AddRoutes(router_);
    webhooks_.AddRoutes(router_);
  }

  absl::Status Listen(const GatewayConfig& config, telemetry::Metrics& metrics) {
    http_server::Options options = config.ToPublicServer();
    options.headers = SecurityHeaders(pages_.style_source(), config.IsHttps());
    options.on_access = CountRequests(metrics, "public");
    options.admit = router_.admit();
    LMSMAIL_ASSIGN_OR_RETURN(server_,
                             http_server::Server::Start(std::move(options), router_.handler()));
    return absl::OkStatus();
  }

  std::uint16_t port() const override { return server_->port(); }

  void Shutdown(absl::Duration grace) override {
    server_->Shutdown(grace);
    if (tracking_) tracking_->Stop();
    links_.Stop();
    webhooks_.Stop();
    if (bounces_) bounces_->Stop();
  }

 private:
  const SystemClock clock_;
  const Pages pages_;
  DispatchClient dispatch_;
  Links links_;
  Webhooks webhooks_;
  std::optional<Bounces> bounces_;
  std::optional<Tracking> tracking_;
  http_server::Router router_;
  std::unique_ptr<http_server::Server> server_;  // last, because it calls the others
};

}  // namespace

absl::StatusOr<std::unique_ptr<PublicListener>> PublicListener::Start(const GatewayConfig& config,
                                                                      telemetry::Metrics& metrics) {
  LMSMAIL_ASSIGN_OR_RETURN(Pages pages, Pages::Create(config.ToSite()));
  LMSMAIL_ASSIGN_OR_RETURN(auto preference, rpc::NewChannel(config.preference.Channel()));
  LMSMAIL_ASSIGN_OR_RETURN(auto dispatch, rpc::NewChannel(config.dispatch.Channel()));
  auto listener = std::make_unique<Listener>(config, std::move(preference), std::move(dispatch),
                                             std::move(pages), metrics);
  LMSMAIL_RETURN_IF_ERROR(listener->Listen(config, metrics));
  return listener;
}

}  // namespace lmsmail::gateway
