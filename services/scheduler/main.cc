#include "libs/service/main.h"

#include <memory>
#include <utility>
#include <vector>

#include "embedded/lmsmail_scheduler_migrations.h"

#include "libs/lifecycle/periodic.h"
#include "libs/rpc/channel.h"
#include "libs/status/status_macros.h"
#include "libs/time_zone/time_zone.h"
#include "services/scheduler/api/scheduler_service.h"
#include "services/scheduler/clients/dispatch_client.h"
#include "services/scheduler/clients/report_client.h"
#include "services/scheduler/config.h"
#include "services/scheduler/domain/maintenance_worker.h"
#include "services/scheduler/events/task_worker.h"
#include "services/scheduler/schedules/run_worker.h"
#include "services/scheduler/schedules/schedule_worker.h"
#include "services/scheduler/storage/pg_automation_store.h"
#include "services/scheduler/storage/pg_event_store.h"
#include "services/scheduler/storage/pg_request_store.h"
#include "services/scheduler/storage/pg_schedule_store.h"

namespace lmsmail::scheduler {
namespace {

using lifecycle::Periodic;

constexpr absl::Duration kStartTimeout = absl::Seconds(10);
constexpr absl::Duration kMaintenanceInterval = absl::Hours(1);
constexpr absl::Duration kMeasureInterval = absl::Seconds(15);

class SchedulerWorkload final : public service::Workload {
 public:
  SchedulerWorkload(const SchedulerConfig& config, const service::Runtime& runtime,
                    absl::TimeZone zone, const std::shared_ptr<grpc::Channel>& dispatch,
                    const std::shared_ptr<grpc::Channel>& report)
      : config_(config),
        runtime_(runtime),
        zone_(zone),
        dispatch_channel_(dispatch),
        report_channel_(report),
        dispatch_(dispatch, config.dispatch.timeout),
        report_(report, config.report.timeout) {}

  std::vector<rpc::HostedService> Services() override {
    return {rpc::Host<v1::SchedulerService>(service_)};
  }

  std::vector<service::Peer> Peers() override {
    return {service::PeerOf("dispatch", dispatch_channel_),
            service::PeerOf("report", report_channel_)};
  }

  absl::Status Start() override {
    LMSMAIL_RETURN_IF_ERROR(schedules_.InitializeBuiltIns(runtime_.config.school.time_zone,
                                                          absl::Now() + kStartTimeout));
    const absl::Duration poll = config_.worker.poll_interval;
    absl::MutexLock lock(&mutex_);
    for (int i = 0; i < config_.worker.threads; ++i) {
      task_threads_.push_back(std::make_unique<Periodic>(
          "tasks", [this, poll] { return task_worker_.RunOnce() ? absl::ZeroDuration() : poll; }));
    }
    other_threads_.push_back(
        std::make_unique<Periodic>("schedules", poll, [this] { schedule_worker_.RunOnce(); }));
    other_threads_.push_back(std::make_unique<Periodic>(
        "runs", [this, poll] { return run_worker_.RunOnce() ? absl::ZeroDuration() : poll; }));
    other_threads_.push_back(std::make_unique<Periodic>("maintenance", kMaintenanceInterval,
                                                        [this] { maintenance_worker_.RunOnce(); }));
    other_threads_.push_back(std::make_unique<Periodic>(
        "lag", kMeasureInterval, [this] { maintenance_worker_.MeasureLag(); }));
    return absl::OkStatus();
  }

  void Stop(absl::Time) override {
    task_worker_.Stop();
    other_threads_.clear();
    std::vector<std::unique_ptr<Periodic>> threads;
    {
      absl::MutexLock lock(&mutex_);
      threads.swap(task_threads_);
    }
  }

 private:
  // Calls may arrive before the threads start.
  void WakeWorkers() {
    absl::MutexLock lock(&mutex_);
    for (const auto& thread : task_threads_) thread->Wake();
  }

  const SchedulerConfig& config_;
  const service::Runtime& runtime_;
  const absl::TimeZone zone_;
  const Clock& clock_ = runtime_.clock;
  const SchedulerMetrics metrics_{runtime_.metrics};
  const std::shared_ptr<grpc::Channel> dispatch_channel_;
  const std::shared_ptr<grpc::Channel> report_channel_;
  DispatchClient dispatch_;
  ReportClient report_;
  PgRequestStore requests_{runtime_.pool};
  PgScheduleStore schedule_store_{runtime_.pool};
  PgAutomationStore automation_store_{runtime_.pool};
  PgEventStore events_{runtime_.pool};
  ScheduleRegistry schedules_{schedule_store_, requests_, clock_};
  AutomationRegistry automations_{automation_store_, requests_, clock_};
  EventSubmission submission_{events_, automation_store_, clock_, metrics_,
                              [this] { WakeWorkers(); }};
  CourseDirectory courses_{report_, clock_};
  FactRecorder recorder_{report_, courses_, clock_};
  AutomationMailer mailer_{dispatch_, report_, courses_, zone_, clock_};
  MailCanceller canceller_{events_, dispatch_, clock_};
  TaskWorker task_worker_{
      {events_, recorder_, mailer_, canceller_, clock_, metrics_, config_.worker.lease}};
  ScheduleWorker schedule_worker_{schedule_store_, clock_, metrics_};
  RunWorker run_worker_{schedule_store_, dispatch_, report_, clock_, metrics_};
  MaintenanceWorker maintenance_worker_{
      {schedule_store_, events_, requests_, clock_, metrics_},
      {.content = config_.retention.content, .outcomes = config_.retention.outcomes}};
  ScheduleHandlers schedule_handlers_{schedules_, clock_};
  EventHandlers event_handlers_{submission_, events_};
  AutomationHandlers automation_handlers_{automations_};
  SchedulerService service_{runtime_.runner, schedule_handlers_, event_handlers_,
                            automation_handlers_, runtime_.audit_handlers};
  absl::Mutex mutex_;
  std::vector<std::unique_ptr<Periodic>> task_threads_ ABSL_GUARDED_BY(mutex_);
  std::vector<std::unique_ptr<Periodic>> other_threads_;
};

absl::StatusOr<std::unique_ptr<service::Workload>> Build(const SchedulerConfig& config,
                                                         const service::Runtime& runtime) {
  LMSMAIL_ASSIGN_OR_RETURN(const absl::TimeZone zone,
                           time_zone::Load(runtime.config.school.time_zone));
  LMSMAIL_ASSIGN_OR_RETURN(const auto dispatch, rpc::NewChannel(config.dispatch.Channel()));
  LMSMAIL_ASSIGN_OR_RETURN(const auto report, rpc::NewChannel(config.report.Channel()));
  return std::make_unique<SchedulerWorkload>(config, runtime, zone, dispatch, report);
}

}  // namespace
}  // namespace lmsmail::scheduler

int main(int argc, char** argv) {
  namespace scheduler = lmsmail::scheduler;
  scheduler::SchedulerConfig config;
  return lmsmail::service::Main(argc, argv,
                                {.name = "scheduler",
                                 .port = 7104,
                                 .metrics_port = 9104,
                                 .schema = kSchedulerSchema,
                                 .declare = [&](lmsmail::config::Schema& schema,
                                                const auto& base) { config.Declare(schema, base); },
                                 .build =
                                     [&](const lmsmail::service::Runtime& runtime) {
                                       return scheduler::Build(config, runtime);
                                     }});
}
