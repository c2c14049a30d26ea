#include "libs/service/main.h"

#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "embedded/lmsmail_scheduler_migrations.h"

#include "libs/cron/zone.h"
#include "libs/lifecycle/periodic.h"
#include "libs/rpc/channel.h"
#include "libs/status/status_macros.h"
#include "services/scheduler/config.h"
#include "services/scheduler/dispatch_client.h"
#include "services/scheduler/housekeeper.h"
#include "services/scheduler/pg_automation_store.h"
#include "services/scheduler/pg_event_store.h"
#include "services/scheduler/pg_request_store.h"
#include "services/scheduler/pg_schedule_store.h"
#include "services/scheduler/report_client.h"
#include "services/scheduler/run_worker.h"
#include "services/scheduler/schedule_firer.h"
#include "services/scheduler/scheduler_service.h"
#include "services/scheduler/task_worker.h"

namespace lmsmail::scheduler {
namespace {

using lifecycle::Periodic;

constexpr absl::Duration kStartTimeout = absl::Seconds(10);
constexpr absl::Duration kForgetInterval = absl::Hours(1);
constexpr absl::Duration kMeasureInterval = absl::Seconds(15);

struct Channels {
  std::shared_ptr<grpc::Channel> dispatch;
  std::shared_ptr<grpc::Channel> report;
};

class SchedulerWorkload final : public service::Workload {
 public:
  SchedulerWorkload(const SchedulerConfig& config, absl::TimeZone zone, const Channels& channels,
                    const service::Runtime& runtime)
      : config_(config),
        school_(runtime.config.school),
        metrics_(runtime.metrics),
        dispatch_(channels.dispatch, config.dispatch.timeout),
        report_(channels.report, config.report.timeout),
        requests_(runtime.pool),
        schedule_store_(runtime.pool),
        automation_store_(runtime.pool),
        events_(runtime.pool),
        schedules_(schedule_store_, requests_, runtime.clock),
        automations_(automation_store_, requests_, runtime.clock),
        intake_(events_, automation_store_, runtime.clock, metrics_, [this] { WakeWorkers(); }),
        courses_(report_, runtime.clock),
        recorder_(report_, courses_, runtime.clock),
        mailer_(dispatch_, report_, courses_, zone, runtime.clock),
        revoker_(events_, dispatch_, runtime.clock),
        task_worker_(
            {events_, recorder_, mailer_, revoker_, runtime.clock, metrics_, config.worker.lease}),
        firer_(schedule_store_, runtime.clock, metrics_),
        run_worker_(schedule_store_, dispatch_, report_, runtime.clock, metrics_),
        housekeeper_({schedule_store_, events_, requests_, runtime.clock, metrics_},
                     config.event_retention),
        service_(runtime.runner, {schedules_, automations_, intake_, events_, runtime.clock}) {}

  std::vector<rpc::HostedService> Services() override {
    return {rpc::Host<v1::SchedulerService>(service_)};
  }

  absl::Status Start() override {
    LMSMAIL_RETURN_IF_ERROR(
        schedules_.StartShipped(school_.time_zone, absl::Now() + kStartTimeout));
    const absl::Duration poll = config_.worker.poll_interval;
    absl::MutexLock lock(&mutex_);
    for (int i = 0; i < config_.worker.threads; ++i) {
      task_threads_.push_back(std::make_unique<Periodic>("tasks", [this, poll] {
        return task_worker_.RunOnce() > 0 ? absl::ZeroDuration() : poll;
      }));
    }
    clock_threads_.push_back(
        std::make_unique<Periodic>("schedules", poll, [this] { firer_.RunOnce(); }));
    clock_threads_.push_back(std::make_unique<Periodic>(
        "runs", [this, poll] { return run_worker_.RunOnce() ? absl::ZeroDuration() : poll; }));
    clock_threads_.push_back(
        std::make_unique<Periodic>("forget", kForgetInterval, [this] { housekeeper_.Forget(); }));
    clock_threads_.push_back(
        std::make_unique<Periodic>("lag", kMeasureInterval, [this] { housekeeper_.MeasureLag(); }));
    return absl::OkStatus();
  }

  void Stop(absl::Time) override {
    task_worker_.Stop();
    clock_threads_.clear();
    std::vector<std::unique_ptr<Periodic>> threads;
    {
      absl::MutexLock lock(&mutex_);
      threads.swap(task_threads_);
    }
  }

 private:
  // The threads start after calls may have come.
  void WakeWorkers() {
    absl::MutexLock lock(&mutex_);
    for (const auto& thread : task_threads_) thread->Wake();
  }

  const SchedulerConfig& config_;
  const service::SchoolConfig& school_;
  const SchedulerMetrics metrics_;
  DispatchClient dispatch_;
  ReportClient report_;
  PgRequestStore requests_;
  PgScheduleStore schedule_store_;
  PgAutomationStore automation_store_;
  PgEventStore events_;
  ScheduleRegistry schedules_;
  AutomationRegistry automations_;
  EventIntake intake_;
  CourseDirectory courses_;
  FactRecorder recorder_;
  AutomationMailer mailer_;
  MailRevoker revoker_;
  TaskWorker task_worker_;
  ScheduleFirer firer_;
  RunWorker run_worker_;
  Housekeeper housekeeper_;
  SchedulerServiceImpl service_;
  absl::Mutex mutex_;
  std::vector<std::unique_ptr<Periodic>> task_threads_ ABSL_GUARDED_BY(mutex_);
  std::vector<std::unique_ptr<Periodic>> clock_threads_;
};

absl::StatusOr<std::unique_ptr<service::Workload>> Build(const SchedulerConfig& config,
                                                         const service::Runtime& runtime) {
  LMSMAIL_ASSIGN_OR_RETURN(const absl::TimeZone zone,
                           cron::LoadZone(runtime.config.school.time_zone));
  Channels channels;
  LMSMAIL_ASSIGN_OR_RETURN(channels.dispatch, rpc::NewChannel(config.dispatch.Channel()));
  LMSMAIL_ASSIGN_OR_RETURN(channels.report, rpc::NewChannel(config.report.Channel()));
  return std::make_unique<SchedulerWorkload>(config, zone, channels, runtime);
}

}  // namespace
}  // namespace lmsmail::scheduler

int main(int argc, char** argv) {
  namespace scheduler = lmsmail::scheduler;
  scheduler::SchedulerConfig config;
  return lmsmail::service::Main(
      argc, argv,
      {.name = "scheduler",
       .port = 7104,
       .metrics_port = 9104,
       .schema = kSchedulerSchema,
       .declare = [&](lmsmail::config::Schema& schema) { config.Declare(schema); },
       .build =
           [&](const lmsmail::service::Runtime& runtime) {
             return scheduler::Build(config, runtime);
           }});
}
