// The report service.

#include "libs/service/main.h"

#include <memory>
#include <optional>
#include <vector>

#include "embedded/lmsmail_report_migrations.h"

#include "libs/cron/zone.h"
#include "libs/lifecycle/periodic.h"
#include "libs/rpc/channel.h"
#include "libs/status/status_macros.h"
#include "services/report/config.h"
#include "services/report/grpc_dispatch_client.h"
#include "services/report/grpc_template_client.h"
#include "services/report/pg_activity_store.h"
#include "services/report/pg_course_store.h"
#include "services/report/pg_weekly_report_store.h"
#include "services/report/report_service.h"
#include "services/report/weekly_report_worker.h"
#include "services/report/weekly_reports.h"

namespace lmsmail::report {
namespace {

struct Peers {
  std::shared_ptr<grpc::Channel> dispatch;
  std::shared_ptr<grpc::Channel> templates;
};

class ReportWorkload final : public service::Workload {
 public:
  ReportWorkload(const ReportConfig& config, absl::TimeZone zone, const Peers& peers,
                 const service::Runtime& runtime)
      : courses_(runtime.pool),
        activities_(runtime.pool),
        store_(runtime.pool),
        dispatch_(peers.dispatch, config.dispatch.timeout),
        templates_(peers.templates, config.templates.timeout),
        reports_({.store = store_,
                  .previewer = templates_,
                  .clock = runtime.clock,
                  .zone = zone,
                  .asked = [this] { periodic_->Wake(); }}),
        worker_({.store = store_, .mailer = dispatch_, .clock = runtime.clock, .zone = zone}),
        service_({.runner = runtime.runner,
                  .courses = courses_,
                  .activities = activities_,
                  .report_store = store_,
                  .reports = reports_,
                  .mail_stats = dispatch_,
                  .clock = runtime.clock}) {}

  std::vector<rpc::HostedService> Services() override {
    return {rpc::Host<v1::ReportService>(service_)};
  }

  absl::Status Start() override {
    periodic_.emplace("weekly-reports", [this] { return worker_.RunOnce(); });
    return absl::OkStatus();
  }

  void Stop(absl::Time) override {
    worker_.Stop();
    if (periodic_) periodic_->Stop();
  }

 private:
  PgCourseStore courses_;
  PgActivityStore activities_;
  PgWeeklyReportStore store_;
  GrpcDispatchClient dispatch_;
  GrpcTemplateClient templates_;
  WeeklyReports reports_;
  WeeklyReportWorker worker_;
  ReportService service_;
  std::optional<lifecycle::Periodic> periodic_;  // from Start() on, and calls come only after it
};

absl::StatusOr<std::unique_ptr<service::Workload>> Build(const ReportConfig& config,
                                                         const service::Runtime& runtime) {
  LMSMAIL_ASSIGN_OR_RETURN(const absl::TimeZone zone,
                           cron::LoadZone(runtime.config.school.time_zone));
  Peers peers;
  LMSMAIL_ASSIGN_OR_RETURN(peers.dispatch, rpc::NewChannel(config.dispatch.Channel()));
  LMSMAIL_ASSIGN_OR_RETURN(peers.templates, rpc::NewChannel(config.templates.Channel()));
  return std::make_unique<ReportWorkload>(config, zone, peers, runtime);
}

}  // namespace
}  // namespace lmsmail::report

int main(int argc, char** argv) {
  namespace service = lmsmail::service;
  lmsmail::report::ReportConfig config;
  return service::Main(argc, argv,
                       {.name = "report",
                        .port = 7105,
                        .metrics_port = 9105,
                        .schema = kReportSchema,
                        .declare = [&](lmsmail::config::Schema& schema) { config.Declare(schema); },
                        .build =
                            [&](const service::Runtime& runtime) {
                              return lmsmail::report::Build(config, runtime);
                            }});
}
