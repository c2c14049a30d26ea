#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/time/time.h"

#include "libs/config/schema.h"
#include "libs/config/types.h"
#include "libs/http_server/options.h"
#include "libs/return_path/return_path.h"
#include "libs/rpc/executor.h"
#include "libs/service/metrics_listener.h"
#include "libs/service/peer_config.h"
#include "libs/service/process_config.h"
#include "libs/tracking/links.h"
#include "services/gateway/pages/pages.h"
#include "services/gateway/web/browser_guard.h"
#include "services/gateway/web/connect_handlers.h"
#include "services/gateway/webhooks/sendgrid_keys.h"

namespace lmsmail::gateway {

// The configuration keys of this service.
struct GatewayConfig : service::ProcessConfig {
  GatewayConfig() : ProcessConfig(9106) {}

  config::HostPort listen{"127.0.0.1", 8080};
  config::HostPort admin_listen{"127.0.0.1", 8081};

  struct Http {
    std::int32_t threads = 2;
    std::int32_t max_connections = 20'000;
    std::int64_t max_header_size = 16 << 10;
    absl::Duration header_timeout = absl::Seconds(10);
    absl::Duration body_timeout = absl::Seconds(30);
    absl::Duration idle_timeout = absl::Seconds(60);
    std::vector<std::string> trusted_proxies;
  } http;

  // Of the public listener.
  struct Tls {
    std::string certificate;
    std::string key;
  } tls;

  struct Handlers {
    std::int32_t threads = 16;
    std::int32_t queue = 256;
  } handlers;

  struct Webhooks {
    std::int32_t threads = 4;
    std::int32_t queue = 64;
    struct Sendgrid {
      std::vector<std::string> public_keys;
    } sendgrid;
    struct Mailgun {
      std::string signing_key;  // one a line
    } mailgun;
  } webhooks;

  struct Bounces {
    std::string keys;
  } bounces;

  struct Tracking {
    std::string keys;  // the content of keys_file
  } tracking;

  // Of deploy/inbox.py on a development machine; empty elsewhere.
  struct Inbox {
    std::string directory;
  } inbox;

  BrowserGuard::Options admin;
  Tls admin_tls;  // of the admin listener and of the metrics

  struct Api {
    std::int32_t threads = 2;
    std::int32_t max_calls = 256;
    absl::Duration timeout = absl::Seconds(30);
    absl::Duration stream_timeout = absl::Minutes(10);
    std::int64_t max_stream_size = 64 << 20;
  } api;

  service::PeerConfig preference{.target = "127.0.0.1:7102"};
  service::PeerConfig dispatch{.target = "127.0.0.1:7103", .timeout = absl::Seconds(20)};
  // Without a timeout, because only the JSON API calls them.
  service::PeerConfig templates{.target = "127.0.0.1:7101"};
  service::PeerConfig scheduler{.target = "127.0.0.1:7104"};
  service::PeerConfig report{.target = "127.0.0.1:7105"};

  // Must outlive schema.Load().
  void Declare(config::Schema& schema);

  // The methods below need a configuration that was loaded without violations.
  http_server::Options ToPublicServer() const;
  http_server::Options ToAdminServer() const;
  service::MetricsListener::Options ToMetricsListener(identity::CallerDirectory* callers) const;
  rpc::Executor::Options ToExecutor() const;
  rpc::Executor::Options ToWebhookExecutor() const;
  rpc::Executor::Options ToBounceExecutor() const;
  rpc::Executor::Options ToApiExecutor() const;
  rpc::Executor::Options ToApiStreamExecutor() const;
  ConnectHandlers::Options ToApi() const;
  BrowserGuard::Options ToBrowserGuard() const;
  // nullopt without keys.
  std::optional<SendgridKeys> ToSendgridKeys() const;
  // nullopt without keys.
  std::optional<return_path::ReturnPaths> ToReturnPaths() const;
  // nullopt without keys.
  std::optional<tracking::Links> ToTrackingLinks() const;
  Site ToSite() const;
  // Whether browsers reach the public listener by https, here or at a proxy before it.
  bool IsHttps() const;

 private:
  void DeclareAdmin(config::Group schema);
  void CheckAdmin(Violations& violations) const;
  static void CheckTls(const std::string& prefix, const Tls& tls, Violations& violations);
  void Check(Violations& violations) const;
};

}  // namespace lmsmail::gateway
