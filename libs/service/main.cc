#include "libs/service/main.h"

#include <fmt/format.h>

#include <optional>
#include <string_view>
#include <utility>

#include "absl/time/clock.h"

#include "libs/audit/pg_audit_log.h"
#include "libs/lifecycle/shutdown_signal.h"
#include "libs/postgres/health.h"
#include "libs/rpc/received.h"
#include "libs/rpc/request_budget.h"
#include "libs/service/accept_probe.h"
#include "libs/service/audit_retention.h"
#include "libs/service/database_metrics.h"
#include "libs/service/metrics_listener.h"
#include "libs/service/page_token_key.h"
#include "libs/service/readiness.h"
#include "libs/service/restore_watch.h"
#include "libs/service/schema_preparation.h"
#include "libs/service/shutdown_watchdog.h"
#include "libs/status/status_macros.h"
#include "libs/telemetry/logging.h"
#include "libs/version/version.h"

namespace lmsmail::service {
namespace {

constexpr absl::Duration kProbeTimeout = absl::Seconds(2);
constexpr absl::Duration kReadinessTimeout = absl::Seconds(4);  // the probe may connect first

postgres::PoolOptions PoolOptionsOf(const Definition& definition, const BaseConfig& config,
                                    telemetry::Metrics& metrics, RestoreWatch& restore_watch) {
  postgres::PoolOptions options;
  options.dsn = config.postgres.Dsn();
  options.size = static_cast<std::size_t>(config.postgres.pool_size);
  options.application_name = fmt::format("lmsmail-{}", definition.name);
  options.schema = definition.name;
  options.observer = ObserveTransactions(metrics);
  options.connected = [&restore_watch](postgres::Session& session) {
    return restore_watch.Connected(session);
  };
  if (definition.adjust_pool) definition.adjust_pool(options);
  return options;
}

rpc::CallRunner::Options RunnerOptionsOf(const Definition& definition, const BaseConfig& config,
                                         const rpc::Authenticator& authenticator,
                                         audit::AuditLog& audit_log) {
  return {.policy = {.service = definition.name, .default_deadline = config.rpc.default_deadline},
          .executor = {.threads = config.rpc.threads,
                       .queue = static_cast<std::size_t>(config.rpc.queue)},
          .max_streams = config.rpc.max_streams,
          .stream_idle = config.rpc.stream_idle,
          .authenticator = authenticator,
          .caller_limits = config.auth.ToLimits(),
          .audit_log = &audit_log};
}

rpc::ServerOptions ServerOptionsOf(const BaseConfig& config,
                                   const rpc::Authenticator& authenticator) {
  rpc::ServerOptions options;
  options.listen = config.listen.ToString();
  options.max_receive_bytes = static_cast<int>(config.rpc.max_receive_size);
  options.max_concurrent_streams = config.rpc.max_connection_calls;
  if (!config.tls.certificate.empty()) {
    options.tls = rpc::TlsFiles{.certificate = config.tls.certificate,
                                .key = config.tls.key,
                                .authorities = config.tls.client_authorities};
  }
  options.authenticator = authenticator;
  options.reflection = config.HasReflection();
  if (!config.health_listen.host.empty()) options.health_listen = config.health_listen.ToString();
  return options;
}

MetricsListener::Options MetricsOptionsOf(const BaseConfig& config,
                                          identity::CallerDirectory* callers) {
  MetricsListener::Options options{.listen = config.metrics_listen, .callers = callers};
  if (!config.tls.certificate.empty()) {
    options.tls =
        http_server::TlsFiles{.certificate = config.tls.certificate, .key = config.tls.key};
  }
  return options;
}

Readiness::Callbacks ReadinessOf(const Definition& definition, const BaseConfig& config,
                                 postgres::Pool& pool, postgres::HealthProbe& probe,
                                 RestoreWatch& restore_watch, Workload& workload,
                                 rpc::CallRunner& runner, rpc::Server& server,
                                 AuditRetention& audit_retention, const telemetry::Gauge& serving) {
  return {.prepare =
              [&] {
                LMSMAIL_RETURN_IF_ERROR(probe.Check());
                LMSMAIL_RETURN_IF_ERROR(
                    PrepareSchema(config.postgres, definition.name, definition.schema, pool));
                LMSMAIL_RETURN_IF_ERROR(restore_watch.Beat(probe.pool()));
                LMSMAIL_RETURN_IF_ERROR(UsePageTokenKey(pool));
                return workload.Start();
              },
          .probe =
              [&] {
                LMSMAIL_RETURN_IF_ERROR(probe.Check());
                LMSMAIL_RETURN_IF_ERROR(restore_watch.Beat(probe.pool()));
                return workload.CheckReady();
              },
          .prepared =
              [&] {
                runner.SetAccepting(true);
                audit_retention.Start();
              },
          .changed =
              [&, serving](bool ready) {
                server.SetServing(ready);
                serving.Set(ready ? 1 : 0);
              },
          .failed = [] { lifecycle::RequestShutdown(); }};
}

absl::Status MigrateOnly(const Definition& definition, const BaseConfig& config) {
  lifecycle::UnblockShutdownSignals();  // what has not been committed has not happened
  LMSMAIL_RETURN_IF_ERROR(MigrateSchema(config.postgres, definition.name, definition.schema));
  telemetry::LogInfo("the schema is migrated", {{"schema", definition.name}});
  return absl::OkStatus();
}

absl::Status Run(const Definition& definition, const BaseConfig& config, std::string_view version) {
  std::optional<ShutdownWatchdog> watchdog;  // first, so that it is destroyed last
  const SystemClock clock;
  telemetry::Metrics metrics({.service = definition.name,
                              .version = std::string(version),
                              .commit = lmsmail::version::kCommit});
  LMSMAIL_ASSIGN_OR_RETURN(const auto traces, StartTraces(config.traces, definition.name, metrics));
  LMSMAIL_ASSIGN_OR_RETURN(const auto callers, config.auth.ToDirectory(clock));
  const rpc::Authenticator authenticator =
      callers == nullptr ? rpc::Authenticator() : rpc::Authenticator(*callers, metrics);
  LMSMAIL_ASSIGN_OR_RETURN(
      const auto metrics_listener,
      MetricsListener::Start(MetricsOptionsOf(config, callers.get()), metrics));

  RestoreWatch restore_watch({.pause_after_failover = config.postgres.pause_after_failover,
                              .must_end = [] { lifecycle::RequestShutdown(); }},
                             metrics);
  LMSMAIL_ASSIGN_OR_RETURN(const auto pool, postgres::Pool::Create(PoolOptionsOf(
                                                definition, config, metrics, restore_watch)));
  LMSMAIL_ASSIGN_OR_RETURN(const auto probe, postgres::HealthProbe::Create(*pool, kProbeTimeout));

  rpc::RequestBudget::OfProcess().SetLimit(static_cast<std::size_t>(config.rpc.max_request_memory));
  rpc::SetMaxSingleRequestBytes(static_cast<std::size_t>(config.rpc.max_receive_size / 2));
  audit::PgAuditLog audit_log(*pool);
  audit::AuditHandlers audit_handlers(audit_log);
  AuditRetention audit_retention(audit_log, clock, config.audit_retention);
  rpc::CallRunner runner(RunnerOptionsOf(definition, config, authenticator, audit_log), metrics);
  runner.SetAccepting(false);
  if (config.postgres.migrate && config.postgres.MigratorDsn().empty()) {
    telemetry::LogInfo(
        "the service's own role owns the schema, so it could change or drop what it only uses",
        {{"remedy", "postgres.migrator_dsn_file"}});
  }
  const Runtime runtime{config, clock, metrics, *pool, runner, audit_handlers};
  LMSMAIL_ASSIGN_OR_RETURN(const auto workload, definition.build(runtime));
  LMSMAIL_ASSIGN_OR_RETURN(
      const auto server,
      rpc::Server::Start(ServerOptionsOf(config, authenticator), workload->Services()));
  telemetry::LogInfo("listening", {{"host", config.listen.host},
                                   {"port", server->port()},
                                   {"metrics_port", metrics_listener->port()},
                                   {"health_port", server->health_port()},
                                   {"authentication", authenticator.required()}});

  const telemetry::Gauge serving =
      metrics.AddGauge("lmsmail_serving", "1 while health checks report SERVING.").With();
  Readiness readiness(ReadinessOf(definition, config, *pool, *probe, restore_watch, *workload,
                                  runner, *server, audit_retention, serving),
                      config.postgres.probe_interval, kReadinessTimeout);
  const std::vector<Peer> peers = workload->Peers();
  for (const Peer& peer : peers) server->SetServing("peer/" + peer.name, true);
  PeerWatch peer_watch(peers, config.postgres.probe_interval, metrics,
                       [&server = *server](const std::string& peer, bool serves) {
                         server.SetServing("peer/" + peer, serves);
                       });

  const absl::Duration probe_interval = config.rpc.probe_interval;
  AcceptProbe accept_probe(
      [&config, &server = *server, probe_interval] {
        return ProbeListener(config.listen.host, static_cast<std::uint16_t>(server.port()),
                             probe_interval);
      },
      probe_interval, [] { lifecycle::RequestShutdown(); });

  const int signal = lifecycle::WaitForShutdownSignal();
  accept_probe.Stop();
  telemetry::LogInfo("stopping", {{"signal", signal}, {"drain_timeout", config.drain_timeout}});
  const absl::Time deadline = absl::Now() + config.drain_timeout;
  watchdog.emplace(config.drain_timeout + kShutdownGrace);
  server->SetServing(false);
  readiness.Stop();
  peer_watch.Stop();
  server->Shutdown(deadline);
  workload->Stop(deadline);
  runner.Stop();  // a handler whose call has ended may still use the workload
  for (const absl::Status& error : {restore_watch.error(), readiness.error()}) {
    LMSMAIL_RETURN_IF_ERROR(error);
  }
  return accept_probe.error();
}

}  // namespace

int Main(int argc, const char* const* argv, const Definition& definition) {
  BaseConfig config(definition.port, definition.metrics_port);
  return RunProcess(argc, argv,
                    {.name = definition.name,
                     .config = config,
                     .declare =
                         [&](config::Schema& schema) {
                           config.Declare(schema);
                           if (definition.declare) definition.declare(schema, config);
                         },
                     .run =
                         [&](std::string_view version) {
                           return config.migrate_only ? MigrateOnly(definition, config)
                                                      : Run(definition, config, version);
                         }});
}

}  // namespace lmsmail::service
