#include "libs/service/main.h"

#include <functional>
#include <memory>
#include <utility>
#include <vector>

#include "embedded/lmsmail_dispatch_migrations.h"

#include "libs/postgres/pool.h"
#include "libs/rpc/channel.h"
#include "libs/status/status_macros.h"
#include "lmsmail/preference/v1/preference_service.grpc.pb.h"
#include "lmsmail/templates/v1/template_service.grpc.pb.h"
#include "services/dispatch/api/dispatch_service.h"
#include "services/dispatch/clients/preference_client.h"
#include "services/dispatch/clients/template_client.h"
#include "services/dispatch/config.h"
#include "services/dispatch/storage/pg_limit_store.h"
#include "services/dispatch/storage/pg_message_log.h"
#include "services/dispatch/storage/pg_queue_store.h"

namespace lmsmail::dispatch {
namespace {

using lmsmail::preference::v1::PreferenceService;
using lmsmail::templates::v1::TemplateService;

// The parts whose construction can fail.
struct Parts {
  MessageIdHeader message_ids;
  AddressHashes address_hashes;
  std::unique_ptr<DispatchMetrics> metrics;
  std::unique_ptr<const MailTracking> tracking = {};  // null where nothing is measured
  std::unique_ptr<postgres::Pool> worker_pool = {};
  std::shared_ptr<grpc::Channel> template_channel = {};
  std::shared_ptr<grpc::Channel> preference_channel = {};
  Journals journals = {};
  std::unique_ptr<Transports> transports = {};  // uses the own journal and the metrics
};

class DispatchWorkload final : public service::Workload {
 public:
  DispatchWorkload(const DispatchConfig& config, Parts parts, const service::Runtime& runtime)
      : config_(config), runtime_(runtime), parts_(std::move(parts)) {}

  std::vector<rpc::HostedService> Services() override {
    return {rpc::Host<v1::DispatchService>(service_)};
  }

  std::vector<service::Peer> Peers() override {
    return {service::PeerOf("template", parts_.template_channel),
            service::PeerOf("preference", parts_.preference_channel)};
  }

  absl::Status CheckReady() override { return CheckStateDirectory(config_.worker.state_directory); }

  absl::Status Start() override {
    LMSMAIL_RETURN_IF_ERROR(queue_.EnsurePartitions(absl::InfiniteFuture()));
    // Must run before maintenance recovers the claims of the previous process.
    LMSMAIL_RETURN_IF_ERROR(worker_.ReplayJournal(*parts_.journals.own));
    for (const auto& journal : parts_.journals.abandoned) {
      LMSMAIL_RETURN_IF_ERROR(worker_.ReplayJournal(*journal));
    }
    parts_.journals.abandoned.clear();
    maintenance_.Start();
    events_.StartReplay(clock_);
    if (config_.worker.enabled) worker_.Start();
    return absl::OkStatus();
  }

  void Stop(absl::Time deadline) override {
    maintenance_.Stop();
    events_.Stop();
    worker_.Stop(deadline);
    bounces_.Stop();
  }

 private:
  const DispatchConfig& config_;
  const service::Runtime& runtime_;
  Parts parts_;
  const Clock& clock_ = runtime_.clock;
  DispatchMetrics& metrics_ = *parts_.metrics;
  const SiteIdentity site_ = config_.ToSite(runtime_.config.school);
  // Slow calls must not take the connections that claims, flushes and leases need.
  PgQueueStore queue_{*parts_.worker_pool};
  PgLimitStore limits_{*parts_.worker_pool};
  PgQueueStore calls_queue_{runtime_.pool, queue_};
  PgMessageLog log_{runtime_.pool, config_.tracking.machine_delay};
  PreferenceClient preferences_{PreferenceService::NewStub(parts_.preference_channel),
                                config_.preference_service.timeout};
  TemplateClient templates_{TemplateService::NewStub(parts_.template_channel), clock_,
                            config_.template_service.timeout};
  BounceReporter bounces_{preferences_};
  QueueMaintenance maintenance_{
      queue_,
      clock_,
      metrics_,
      {.sweep_interval = config_.sweep_interval, .retention = config_.retention.ToRetention()}};
  Worker worker_{{.clock = clock_,
                  .queue = queue_,
                  .limits = limits_,
                  .connections = limits_,
                  .recipients = preferences_,
                  .templates = templates_,
                  .transports = *parts_.transports,
                  .bounces = bounces_,
                  .journal = *parts_.journals.own,
                  .site = site_,
                  .message_ids = parts_.message_ids,
                  .address_hashes = parts_.address_hashes,
                  .tracking = parts_.tracking.get(),
                  .metrics = metrics_},
                 config_.ToWorker()};
  Submitter submitter_{
      {.clock = clock_,
       .templates = templates_,
       .queue = calls_queue_,
       .log = log_,
       .transports = parts_.transports->Names(),
       .before_accept = [this](Lane lane) { worker_.BeforeAccept(lane); },
       .accept_ended = [this](Lane lane, int mails) { worker_.AcceptEnded(lane, mails); },
       .after_accept = [this](Lane lane, int mails) { metrics_.CountAccepted(lane, mails); }}};
  RawMessages raw_messages_{
      preferences_,          templates_,
      *parts_.transports,    site_,
      parts_.message_ids,    parts_.address_hashes,
      parts_.tracking.get(), static_cast<std::size_t>(config_.max_message_size)};
  EventRecorder events_{log_,         preferences_,          preferences_,
                        preferences_, parts_.address_hashes, bounces_};
  SubmissionHandlers submission_handlers_{submitter_, parts_.message_ids};
  MessageHandlers message_handlers_{{clock_, calls_queue_, log_, raw_messages_, events_,
                                     parts_.message_ids,
                                     [this](Lane lane) { worker_.Accepted(lane, 1); }}};
  QueueMaintenance calls_maintenance_{calls_queue_, clock_, metrics_, {}};  // never started
  QueueHandlers queue_handlers_{
      {clock_, calls_queue_, log_, calls_maintenance_, *parts_.transports}};
  DispatchService service_{runtime_.runner, submission_handlers_, message_handlers_,
                           queue_handlers_, runtime_.audit_handlers};
};

absl::StatusOr<std::unique_ptr<service::Workload>> Build(const DispatchConfig& config,
                                                         const service::Runtime& runtime) {
  LMSMAIL_ASSIGN_OR_RETURN(MessageIdHeader message_ids, config.ToMessageIds());
  LMSMAIL_ASSIGN_OR_RETURN(AddressHashes address_hashes, config.ToAddressHashes());
  Parts parts{.message_ids = std::move(message_ids),
              .address_hashes = std::move(address_hashes),
              .metrics = std::make_unique<DispatchMetrics>(runtime.metrics)};
  parts.tracking = config.tracking.ToTracking(runtime.config.school.public_url);
  LMSMAIL_ASSIGN_OR_RETURN(parts.worker_pool,
                           postgres::Pool::Create(config.ToWorkerPool(runtime.pool.options())));
  LMSMAIL_ASSIGN_OR_RETURN(parts.template_channel,
                           rpc::NewChannel(config.template_service.Channel()));
  LMSMAIL_ASSIGN_OR_RETURN(parts.preference_channel,
                           rpc::NewChannel(config.preference_service.Channel()));
  LMSMAIL_ASSIGN_OR_RETURN(parts.journals, config.ToJournals());
  LMSMAIL_ASSIGN_OR_RETURN(
      parts.transports,
      config.ToTransports(
          runtime.config.school, runtime.clock,
          {.before_dot = std::bind_front(&IntentJournal::DotSent, parts.journals.own.get()),
           .breaker_changed =
               std::bind_front(&DispatchMetrics::SetCircuitBreaker, parts.metrics.get()),
           .connection_failed =
               std::bind_front(&DispatchMetrics::CountConnectionFault, parts.metrics.get())}));
  for (const std::string& name : parts.transports->Names()) {
    parts.metrics->AddTransport(name);
  }
  return std::make_unique<DispatchWorkload>(config, std::move(parts), runtime);
}

}  // namespace
}  // namespace lmsmail::dispatch

int main(int argc, char** argv) {
  namespace dispatch = lmsmail::dispatch;
  dispatch::DispatchConfig config;
  return lmsmail::service::Main(argc, argv,
                                {.name = "dispatch",
                                 .port = 7103,
                                 .metrics_port = 9103,
                                 .schema = kDispatchSchema,
                                 .declare = [&](lmsmail::config::Schema& schema,
                                                const auto& base) { config.Declare(schema, base); },
                                 .adjust_pool = dispatch::PgQueueStore::Configure,
                                 .build =
                                     [&](const lmsmail::service::Runtime& runtime) {
                                       return dispatch::Build(config, runtime);
                                     }});
}
