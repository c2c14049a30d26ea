// The report service.

#include "libs/service/main.h"

#include <memory>
#include <optional>
#include <vector>

#include "embedded/lmsmail_report_migrations.h"

#include "libs/lifecycle/periodic.h"
#include "libs/rpc/channel.h"
#include "libs/status/status_macros.h"
#include "libs/time_zone/time_zone.h"
#include "services/report/api/report_service.h"
#include "services/report/clients/dispatch_client.h"
#include "services/report/config.h"
#include "services/report/domain/weekly_report_worker.h"
#include "services/report/storage/pg_activity_store.h"
#include "services/report/storage/pg_course_store.h"
#include "services/report/storage/pg_weekly_report_store.h"

namespace lmsmail::report {
namespace {

class ReportWorkload final : public service::Workload {
 public:
  ReportWorkload(const ReportConfig& config, absl::TimeZone zone,
                 const std::shared_ptr<grpc::Channel>& dispatch, const service::Runtime& runtime)
      : dispatch_channel_(dispatch),
        courses_(runtime.pool),
        activities_(runtime.pool),
        reports_(runtime.pool),
        dispatch_(dispatch, config.dispatch.timeout),
        weekly_reports_({.store = reports_,
                         .previewer = dispatch_,
                         .clock = runtime.clock,
                         .zone = zone,
                         .run_requested = [this] { periodic_->Wake(); }}),
        worker_({.store = reports_, .mailer = dispatch_, .clock = runtime.clock, .zone = zone}),
        course_handlers_(courses_, activities_, runtime.clock),
        weekly_report_handlers_(weekly_reports_, reports_),
        mail_stats_handlers_(dispatch_),
        service_(runtime.runner, course_handlers_, weekly_report_handlers_, mail_stats_handlers_,
                 runtime.audit_handlers) {}

  std::vector<rpc::HostedService> Services() override {
    return {rpc::Host<v1::ReportService>(service_)};
  }

  std::vector<service::Peer> Peers() override {
    return {service::PeerOf("dispatch", dispatch_channel_)};
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
  const std::shared_ptr<grpc::Channel> dispatch_channel_;
  PgCourseStore courses_;
  PgActivityStore activities_;
  PgWeeklyReportStore reports_;
  DispatchClient dispatch_;
  WeeklyReports weekly_reports_;
  WeeklyReportWorker worker_;
  CourseHandlers course_handlers_;
  WeeklyReportHandlers weekly_report_handlers_;
  MailStatsHandlers mail_stats_handlers_;
  ReportService service_;
  std::optional<lifecycle::Periodic> periodic_;  // set by Start(), before the first call
};

absl::StatusOr<std::unique_ptr<service::Workload>> Build(const ReportConfig& config,
                                                         const service::Runtime& runtime) {
  LMSMAIL_ASSIGN_OR_RETURN(const absl::TimeZone zone,
                           time_zone::Load(runtime.config.school.time_zone));
  LMSMAIL_ASSIGN_OR_RETURN(const auto dispatch, rpc::NewChannel(config.dispatch.Channel()));
  return std::make_unique<ReportWorkload>(config, zone, dispatch, runtime);
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
                        .declare = [&](lmsmail::config::Schema& schema,
                                       const auto& base) { config.Declare(schema, base); },
                        .build =
                            [&](const service::Runtime& runtime) {
                              return lmsmail::report::Build(config, runtime);
                            }});
}
