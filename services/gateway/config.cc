#include "services/gateway/config.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "libs/secret_file/secret_file.h"

namespace lmsmail::gateway {
namespace {

std::optional<http_server::TlsFiles> ToFiles(const GatewayConfig::Tls& tls) {
  if (tls.certificate.empty()) return std::nullopt;
  return http_server::TlsFiles{.certificate = tls.certificate, .key = tls.key};
}

}  // namespace

void GatewayConfig::Declare(config::Schema& schema) {
  schema.Address(
      "listen", &listen,
      "Address of the public HTTP server: what an ingress or a browser reaches. The host "
      "must be numeric; port 0 takes a free one.");
  schema.Address("admin_listen", &admin_listen,
                 "Address of the HTTP server for operators, with the JSON API, /healthz and "
                 "/readyz.");
  ProcessConfig::Declare(schema);

  config::Group http_keys = schema.Sub("http");
  http_keys.Int32("threads", &http.threads, "Threads that read and write connections.", {1, 64});
  http_keys.Int32("max_connections", &http.max_connections,
                  "Connections open at a time; further ones are closed.", {1, 1'000'000});
  http_keys.Bytes("max_header_size", &http.max_header_size,
                  "Size of the largest request line with its fields.", {1024, 1 << 20});
  http_keys.Duration("header_timeout", &http.header_timeout,
                     "How long a request line with its fields may take.",
                     {absl::Milliseconds(10), absl::Minutes(10)});
  http_keys.Duration("body_timeout", &http.body_timeout, "How long the body of a request may take.",
                     {absl::Milliseconds(10), absl::Minutes(10)});
  http_keys.Duration("idle_timeout", &http.idle_timeout,
                     "How long a connection may stay open without a request.",
                     {absl::Milliseconds(10), absl::Hours(1)});
  http_keys.StringList("trusted_proxies", &http.trusted_proxies,
                       "Networks, such as 10.0.0.0/8, whose X-Forwarded-For is believed.");

  config::Group tls_keys = schema.Sub("tls");
  tls_keys.String(
      "certificate", &tls.certificate,
      "PEM file of the public server's certificate chain; empty where a proxy ends TLS.");
  tls_keys.String("key", &tls.key, "PEM file of the certificate's key.");

  config::Group handler_keys = schema.Sub("handlers");
  handler_keys.Int32("threads", &handlers.threads, "Requests handled at a time.", {1, 256});
  handler_keys.Int32("queue", &handlers.queue,
                     "Requests that may wait for a thread; more are answered with 503.",
                     {1, 100'000});

  config::Group webhook_keys = schema.Sub("webhooks");
  webhook_keys.Int32("threads", &webhooks.threads, "Webhook requests handled at a time.", {1, 256});
  webhook_keys.Int32("queue", &webhooks.queue,
                     "Webhook requests that may wait for a thread; more are answered with 503.",
                     {1, 100'000});
  webhook_keys.Sub("sendgrid")
      .StringList(
          "public_keys", &webhooks.sendgrid.public_keys,
          "Verification keys of SendGrid's signed event webhook, the old and the new one during a "
          "rotation; without one, /webhooks/sendgrid/NAME does not exist.");
  webhook_keys.Sub("mailgun").Secret(
      "signing_key", &webhooks.mailgun.signing_key,
      "Mailgun's HTTP webhook signing key, the old and the new one on lines of their own during a "
      "rotation; without one, /webhooks/mailgun/NAME does not exist.");

  schema.Sub("bounces").Secret(
      "keys", &bounces.keys,
      "File of secret keys, lines of id:key, the same as bounces.keys_file of dispatch; all open "
      "the addresses that bounces come to. Without it, /bounces does not exist.");

  schema.Sub("inbox").String(
      "directory", &inbox.directory,
      "Folder of the mails that a development machine's deploy/inbox.py stores; they are shown at "
      "/inbox of admin_listen. Empty: there is no such page.");

  schema.Sub("tracking")
      .Secret(
          "keys", &tracking.keys,
          "File of the keys of the pixels and links in mail, the same as in dispatch; without "
          "them, "
          "/o/ and /c/ do not exist. Keep old keys as long as the links of old mail must work.");

  DeclareAdmin(schema);
  preference.Declare(schema.Sub("preference"));
  dispatch.Declare(schema.Sub("dispatch"));
  schema.Check([this](Violations& violations) { Check(violations); });
}

void GatewayConfig::DeclareAdmin(config::Group schema) {
  config::Group admin_keys = schema.Sub("admin");
  admin_keys.StringList("hosts", &admin.hosts,
                        "Names by which the admin listener may be called besides localhost, "
                        "without a port; requests with another Host are refused.");
  admin_keys.StringList("origins", &admin.origins,
                        "Origins of web pages that may call the admin listener, such as "
                        "https://console.school.example.");
  config::Group tls_keys = admin_keys.Sub("tls");
  tls_keys.String("certificate", &admin_tls.certificate,
                  "PEM file of the certificate chain of the admin listener and of the metrics.");
  tls_keys.String("key", &admin_tls.key, "PEM file of that certificate's key.");

  config::Group api_keys = schema.Sub("api");
  api_keys.Int32("threads", &api.threads, "Threads that read and write JSON.", {1, 64});
  api_keys.Int32("max_calls", &api.max_calls,
                 "Calls of one service by the JSON API at a time; more are answered with 503.",
                 {1, 10'000});
  api_keys.Duration("timeout", &api.timeout,
                    "The longest that a call of the JSON API may take; Connect-Timeout-Ms can "
                    "shorten it.",
                    {absl::Milliseconds(100), absl::Minutes(10)});
  api_keys.Duration("stream_timeout", &api.stream_timeout,
                    "The same for a call that streams requests.",
                    {absl::Milliseconds(100), absl::Hours(1)});
  api_keys.Bytes("max_stream_size", &api.max_stream_size,
                 "Size of the largest newline-delimited JSON.", {1 << 10, 1 << 30});
  templates.DeclareChannel(schema.Sub("template"));
  scheduler.DeclareChannel(schema.Sub("scheduler"));
  report.DeclareChannel(schema.Sub("report"));
}

void GatewayConfig::CheckAdmin(Violations& violations) const {
  CheckTls("admin.tls", admin_tls, violations);
  for (const auto& [key, address] :
       {std::pair("admin_listen", &admin_listen), std::pair("metrics_listen", &metrics_listen)}) {
    CheckListener(key, *address, "admin.tls.certificate", admin_tls.certificate, violations);
  }
  for (const std::string& origin : admin.origins) {
    if (IsOrigin(origin)) continue;
    violations.Add("admin.origins",
                   fmt::format("\"{}\" is no origin: write scheme, host and port in "
                               "lower case, without a path",
                               origin));
  }
  templates.Check("template", insecure, violations);
  scheduler.Check("scheduler", insecure, violations);
  report.Check("report", insecure, violations);
}

void GatewayConfig::Check(Violations& violations) const {
  CheckTls("tls", tls, violations);
  if (const absl::Status keys = SendgridKeys::Parse(webhooks.sendgrid.public_keys).status();
      !keys.ok()) {
    violations.Add("webhooks.sendgrid.public_keys", std::string(keys.message()));
  }
  if (!bounces.keys.empty()) {
    const absl::Status keys = token::KeyRing::Parse(bounces.keys).status();
    if (!keys.ok()) violations.Add("bounces.keys_file", std::string(keys.message()));
  }
  if (const auto ring = token::KeyRing::Parse(tracking.keys);
      !tracking.keys.empty() && !ring.ok()) {
    violations.Add("tracking.keys_file", std::string(ring.status().message()));
  }
  preference.Check("preference", insecure, violations);
  dispatch.Check("dispatch", insecure, violations);
  CheckAdmin(violations);
}

void GatewayConfig::CheckTls(const std::string& prefix, const Tls& tls, Violations& violations) {
  if (tls.certificate.empty() != tls.key.empty()) {
    violations.Add(prefix + ".certificate",
                   fmt::format("needs {}.key and the reverse: give both or neither", prefix));
  }
  if (const absl::Status key = CheckSecretFile(tls.key); !key.ok()) {
    violations.Add(prefix + ".key", std::string(key.message()));
  }
}

http_server::Options GatewayConfig::ToPublicServer() const {
  http_server::Options options{.host = listen.host, .port = listen.port, .threads = http.threads};
  options.tls = ToFiles(tls);
  options.trusted_proxies = http.trusted_proxies;
  options.limits.connections = http.max_connections;
  options.limits.header_bytes = http.max_header_size;
  options.limits.header_time = http.header_timeout;
  options.limits.body_time = http.body_timeout;
  options.limits.idle_time = http.idle_timeout;
  return options;
}

http_server::Options GatewayConfig::ToAdminServer() const {
  http_server::Options options{.host = admin_listen.host, .port = admin_listen.port};
  options.tls = ToFiles(admin_tls);
  options.limits.connections = 4'000;
  options.limits.total_body_bytes = std::max<std::int64_t>(128 << 20, 2 * api.max_stream_size);
  // A call ends by its own deadline first, so that its caller learns what became of it.
  options.limits.handler_time = std::max(api.timeout, api.stream_timeout) + absl::Seconds(5);
  options.headers = {{"Cache-Control", "no-store"},
                     {"Cross-Origin-Resource-Policy", "same-origin"},
                     {"X-Content-Type-Options", "nosniff"}};
  return options;
}

service::MetricsListener::Options GatewayConfig::ToMetricsListener(
    identity::CallerDirectory* callers) const {
  return {.listen = metrics_listen, .tls = ToFiles(admin_tls), .callers = callers};
}

rpc::Executor::Options GatewayConfig::ToExecutor() const {
  return {.threads = handlers.threads, .queue = static_cast<std::size_t>(handlers.queue)};
}

rpc::Executor::Options GatewayConfig::ToWebhookExecutor() const {
  return {.threads = webhooks.threads, .queue = static_cast<std::size_t>(webhooks.queue)};
}

rpc::Executor::Options GatewayConfig::ToBounceExecutor() const {
  // What does not fit waits in the queue of the mail server that sends it.
  return {.threads = 2, .queue = 64};
}

std::optional<return_path::ReturnPaths> GatewayConfig::ToReturnPaths() const {
  if (bounces.keys.empty()) return std::nullopt;
  return return_path::ReturnPaths(token::KeyRing::Parse(bounces.keys).value());
}

rpc::Executor::Options GatewayConfig::ToApiExecutor() const {
  return {.threads = api.threads, .queue = static_cast<std::size_t>(api.max_calls)};
}

rpc::Executor::Options GatewayConfig::ToApiStreamExecutor() const {
  return {.threads = 1, .queue = static_cast<std::size_t>(api.max_calls)};
}

ConnectHandlers::Options GatewayConfig::ToApi() const {
  return {.max_calls = api.max_calls,
          .timeout = api.timeout,
          .stream_timeout = api.stream_timeout,
          .max_stream_bytes = static_cast<std::size_t>(api.max_stream_size)};
}

BrowserGuard::Options GatewayConfig::ToBrowserGuard() const {
  BrowserGuard::Options options = admin;
  const std::string& host = admin_listen.host;
  options.hosts.push_back(host.find(':') == std::string::npos ? host : fmt::format("[{}]", host));
  return options;
}

std::optional<SendgridKeys> GatewayConfig::ToSendgridKeys() const {
  if (webhooks.sendgrid.public_keys.empty()) return std::nullopt;
  return SendgridKeys::Parse(webhooks.sendgrid.public_keys).value();
}

std::optional<tracking::Links> GatewayConfig::ToTrackingLinks() const {
  if (tracking.keys.empty()) return std::nullopt;
  return tracking::Links(token::KeyRing::Parse(tracking.keys).value());
}

Site GatewayConfig::ToSite() const {
  return {school.name, school.url, school.postal_address, !tracking.keys.empty()};
}

bool GatewayConfig::IsHttps() const {
  return !tls.certificate.empty() || school.public_url.starts_with("https://");
}

}  // namespace lmsmail::gateway
