#include "services/gateway/config.h"

#include "libs/secret_file/secret_file.h"

namespace lmsmail::gateway {

void GatewayConfig::Declare(config::Schema& schema) {
  schema.Address(
      "listen", &listen,
      "Address of the public HTTP server: what an ingress or a browser reaches. The host "
      "must be numeric; port 0 takes a free one.");
  schema.Address(
      "admin_listen", &admin_listen,
      "Address of the HTTP server for operators, with /healthz and /readyz. Never expose "
      "it to the internet.");
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

  schema.Sub("tracking").Secret(
      "keys", &tracking.keys,
      "File of the keys of the pixels and links in mail, the same as in dispatch; without them, "
      "/o/ and /c/ do not exist. Keep old keys as long as the links of old mail must work.");
  preference.Declare(schema.Sub("preference"));
  dispatch.Declare(schema.Sub("dispatch"));
  schema.Check([this](Violations& violations) { Check(violations); });
}

void GatewayConfig::Check(Violations& violations) const {
  if (tls.certificate.empty() != tls.key.empty()) {
    violations.Add("tls.certificate", "needs tls.key and the reverse: give both or neither");
  }
  if (const absl::Status key = CheckSecretFile(tls.key); !key.ok()) {
    violations.Add("tls.key", std::string(key.message()));
  }
  if (const absl::Status keys = SendgridKeys::Parse(webhooks.sendgrid.public_keys).status();
      !keys.ok()) {
    violations.Add("webhooks.sendgrid.public_keys", std::string(keys.message()));
  }
  if (const auto ring = token::KeyRing::Parse(tracking.keys);
      !tracking.keys.empty() && !ring.ok()) {
    violations.Add("tracking.keys_file", std::string(ring.status().message()));
  }
  preference.Check("preference", violations);
  dispatch.Check("dispatch", violations);
}

http_server::Options GatewayConfig::ToPublicServer() const {
  http_server::Options options{.host = listen.host, .port = listen.port, .threads = http.threads};
  if (!tls.certificate.empty()) {
    options.tls = http_server::TlsFiles{.certificate = tls.certificate, .key = tls.key};
  }
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
  options.limits.connections = 100;
  return options;
}

rpc::Executor::Options GatewayConfig::ToExecutor() const {
  return {.threads = handlers.threads, .queue = static_cast<std::size_t>(handlers.queue)};
}

rpc::Executor::Options GatewayConfig::ToWebhookExecutor() const {
  return {.threads = webhooks.threads, .queue = static_cast<std::size_t>(webhooks.queue)};
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
