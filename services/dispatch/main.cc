#include "libs/service/main.h"

#include <memory>
#include <utility>
#include <vector>

#include "embedded/lmsmail_dispatch_migrations.h"

#include "libs/lifecycle/periodic.h"
#include "libs/rpc/channel.h"
#include "libs/status/status_macros.h"
#include "lmsmail/preference/v1/preference_service.grpc.pb.h"
#include "lmsmail/templates/v1/template_service.grpc.pb.h"
#include "services/dispatch/api/dispatch_service.h"
#include "services/dispatch/api/message_handlers.h"
#include "services/dispatch/api/queue_handlers.h"
#include "services/dispatch/api/submission_handlers.h"
#include "services/dispatch/claiming/dispatch_metrics.h"
#include "services/dispatch/claiming/intent_journal.h"
#include "services/dispatch/claiming/queue_maintenance.h"
#include "services/dispatch/clients/preference_client.h"
#include "services/dispatch/clients/template_client.h"
#include "services/dispatch/config.h"
#include "services/dispatch/delivery/bounce_reporter.h"
#include "services/dispatch/delivery/worker.h"
#include "services/dispatch/log/event_recorder.h"
#include "services/dispatch/rendering/raw_messages.h"
#include "services/dispatch/storage/pg_limit_store.h"
#include "services/dispatch/storage/pg_message_log.h"
#include "services/dispatch/storage/pg_queue_store.h"
#include "services/dispatch/submission/submitter.h"

namespace lmsmail::dispatch {
namespace {

// How far back a fresh process looks for bounces that the last one may not have reported. Longer
// outages of preferences are rare; shorter lets an address that somebody took off the list stay
// off.
constexpr absl::Duration kReportedAgain = absl::Hours(6);

// What can fail to be made from the configuration.
struct Parts {
  std::shared_ptr<grpc::Channel> template_channel;
  std::shared_ptr<grpc::Channel> preference_channel;
  std::unique_ptr<IntentJournal> journal;
  std::unique_ptr<Transports> transports;  // uses the journal
  std::unique_ptr<MessageIdHeader> message_ids;
};

class DispatchWorkload final : public service::Workload {
 public:
  DispatchWorkload(const DispatchConfig& config, Parts parts, const service::Runtime& runtime)
      : worker_enabled_(config.worker.enabled),
        policy_(config.ToWorker().policy),
        clock_(runtime.clock),
        site_(config.ToSite(runtime.config.school)),
        parts_(std::move(parts)),
        metrics_(runtime.metrics),
        queue_(runtime.pool),
        limits_(runtime.pool),
        log_(runtime.pool),
        preferences_(lmsmail::preference::v1::PreferenceService::NewStub(parts_.preference_channel),
                     config.preference_service.timeout),
        templates_(lmsmail::templates::v1::TemplateService::NewStub(parts_.template_channel),
                   runtime.clock, config.template_service.timeout),
        bounces_(preferences_),
        maintenance_(queue_, runtime.clock, metrics_, {.sweep_interval = config.sweep_interval}),
        worker_({.clock = runtime.clock,
                 .queue = queue_,
                 .limits = limits_,
                 .connections = limits_,
                 .recipients = preferences_,
                 .templates = templates_,
                 .transports = *parts_.transports,
                 .bounces = bounces_,
                 .journal = *parts_.journal,
                 .site = site_,
                 .message_ids = *parts_.message_ids,
                 .metrics = metrics_},
                config.ToWorker()),
        submitter_({.clock = runtime.clock,
                    .templates = templates_,
                    .queue = queue_,
                    .log = log_,
                    .transports = parts_.transports->Names(),
                    .before_accept = [this](Lane lane) { worker_.BeforeAccept(lane); },
                    .accepted =
                        [this](Lane lane, int mails) {
                          metrics_.CountAccepted(lane, mails);
                          worker_.Accepted(lane);
                        }}),
        raw_messages_(preferences_, templates_, *parts_.transports, site_, *parts_.message_ids,
                      static_cast<std::size_t>(config.max_message_size)),
        events_(log_, preferences_, bounces_),
        send_(submitter_, *parts_.message_ids),
        messages_({.clock = runtime.clock,
                   .queue = queue_,
                   .log = log_,
                   .raw_messages = raw_messages_,
                   .events = events_,
                   .message_ids = *parts_.message_ids,
                   .became_due = [this](Lane lane) { worker_.Accepted(lane); }}),
        queue_handlers_({.clock = runtime.clock,
                         .queue = queue_,
                         .log = log_,
                         .maintenance = maintenance_,
                         .transports = *parts_.transports}),
        service_(runtime.runner, send_, messages_, queue_handlers_) {}

  std::vector<rpc::HostedService> Services() override {
    return {rpc::Host<v1::DispatchService>(service_)};
  }

  absl::Status Start() override {
    // The partitions that mail is accepted into.
    LMSMAIL_RETURN_IF_ERROR(queue_.Maintain());
    // Before leases end and others guess what the last process did.
    LMSMAIL_RETURN_IF_ERROR(parts_.journal->Replay(
        queue_, [this](const ClaimedMail& mail, const DeliveryResult& result) {
          return DecideByResult(mail, result, clock_.Now(), policy_);
        }));
    maintenance_.Start();
    report_again_ = std::make_unique<lifecycle::Periodic>(
        "report_again", [this, since = clock_.Now() - kReportedAgain] {
          return events_.ReportAgain(since).ok() ? absl::InfiniteDuration() : absl::Seconds(30);
        });
    if (worker_enabled_) worker_.Start();
    return absl::OkStatus();
  }

  void Stop(absl::Time deadline) override {
    maintenance_.Stop();
    if (report_again_ != nullptr) report_again_->Stop();
    worker_.Stop(deadline);
    bounces_.Stop();
  }

 private:
  const bool worker_enabled_;
  const DeliveryPolicy policy_;
  const Clock& clock_;
  const SiteIdentity site_;
  const Parts parts_;
  DispatchMetrics metrics_;
  PgQueueStore queue_;
  PgLimitStore limits_;
  PgMessageLog log_;
  PreferenceClient preferences_;
  TemplateClient templates_;
  BounceReporter bounces_;
  QueueMaintenance maintenance_;
  Worker worker_;
  Submitter submitter_;
  RawMessages raw_messages_;
  EventRecorder events_;
  SubmissionHandlers send_;
  MessageHandlers messages_;
  QueueHandlers queue_handlers_;
  DispatchService service_;
  std::unique_ptr<lifecycle::Periodic> report_again_;  // last: its thread uses the rest
};

absl::StatusOr<std::unique_ptr<service::Workload>> Build(const DispatchConfig& config,
                                                         const service::Runtime& runtime) {
  Parts parts;
  LMSMAIL_ASSIGN_OR_RETURN(parts.template_channel,
                           rpc::NewChannel(config.template_service.Channel()));
  LMSMAIL_ASSIGN_OR_RETURN(parts.preference_channel,
                           rpc::NewChannel(config.preference_service.Channel()));
  LMSMAIL_ASSIGN_OR_RETURN(
      parts.journal, IntentJournal::Open(config.worker.journal,
                                         static_cast<std::size_t>(config.worker.max_in_flight)));
  const telemetry::GaugeFamily held = runtime.metrics.AddGauge(
      "lmsmail_dispatch_transport_held",
      "1 from a transport's hold on until its server takes a mail again or a test succeeds.");
  LMSMAIL_ASSIGN_OR_RETURN(
      parts.transports,
      config.ToTransports(
          runtime.config.school, runtime.clock,
          [journal = parts.journal.get()](std::uint64_t token) { journal->DotSent(token); },
          [held](const std::string& transport, bool is) {
            held.With({{"transport", transport}}).Set(is ? 1 : 0);
          }));
  for (const std::string& name : parts.transports->Names()) held.With({{"transport", name}}).Set(0);
  LMSMAIL_ASSIGN_OR_RETURN(MessageIdHeader message_ids, config.ToMessageIds());
  parts.message_ids = std::make_unique<MessageIdHeader>(std::move(message_ids));
  return std::make_unique<DispatchWorkload>(config, std::move(parts), runtime);
}

}  // namespace
}  // namespace lmsmail::dispatch

int main(int argc, char** argv) {
  namespace service = lmsmail::service;
  namespace dispatch = lmsmail::dispatch;
  dispatch::DispatchConfig config;
  return service::Main(
      argc, argv,
      {.name = "dispatch",
       .port = 7103,
       .metrics_port = 9103,
       .schema = kDispatchSchema,
       .declare = [&](lmsmail::config::Schema& schema) { config.Declare(schema); },
       .adjust_pool = dispatch::PgQueueStore::Configure,
       .build = [&](const service::Runtime& runtime) { return dispatch::Build(config, runtime); }});
}
