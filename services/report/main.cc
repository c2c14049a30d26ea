// The report service.

#include "libs/service/main.h"

#include <memory>
#include <optional>
#include <vector>

#include "embedded/lmsmail_report_migrations.h"

#include "libs/lifecycle/periodic.h"
#include "libs/personal_data/erasure_worker.h"
#include "libs/personal_data/pg_personal_data.h"
#include "libs/personal_data/preference_erasures.h"
#include "libs/rpc/channel.h"
#include "libs/school/cached_school.h"
#include "libs/school/school_client.h"
#include "libs/status/status_macros.h"
#include "services/report/api/report_service.h"
#include "services/report/clients/dispatch_client.h"
#include "services/report/clients/recipient_zones_client.h"
#include "services/report/config.h"
#include "services/report/domain/weekly_report_worker.h"
#include "services/report/storage/pg_activity_store.h"
#include "services/report/storage/pg_course_store.h"
#include "services/report/storage/pg_weekly_report_store.h"

namespace lmsmail::report {
namespace {

struct PeerChannels {
  std::shared_ptr<grpc::Channel> dispatch;
  std::shared_ptr<grpc::Channel> preference;
};

class ReportWorkload final : public service::Workload {
 public:
  ReportWorkload(const ReportConfig& config, const PeerChannels& peers,
                 const service::Runtime& runtime)
      : peers_(peers),
        courses_(runtime.pool),
        activities_(runtime.pool),
        reports_(runtime.pool),
        dispatch_(peers.dispatch, config.dispatch.timeout),
        zones_(peers.preference, config.preference.timeout),
        preference_(peers.preference, config.preference.timeout),
        school_(preference_, runtime.clock),
        weekly_reports_({.store = reports_,
                         .previewer = dispatch_,
                         .clock = runtime.clock,
                         .school = school_,
                         .run_requested = [this] { periodic_->Wake(); }}),
        erasures_(peers.preference, "report"),
        personal_data_(runtime.pool, config.erasure.keep_facts
                                         ? "SELECT erase_person($1, $2, $3, true)"
                                         : "SELECT erase_person($1, $2, $3, false)"),
        erasure_worker_(erasures_, personal_data_, runtime.clock),
        worker_({.store = reports_,
                 .mailer = dispatch_,
                 .zones = zones_,
                 .school = school_,
                 .clock = runtime.clock}),
        course_handlers_(courses_, activities_, runtime.clock),
        weekly_report_handlers_(weekly_reports_, reports_),
        mail_stats_handlers_(dispatch_),
        service_(runtime.runner, course_handlers_, weekly_report_handlers_, mail_stats_handlers_,
                 runtime.audit_handlers) {}

  std::vector<rpc::HostedService> Services() override {
    return {rpc::Host<v1::ReportService>(service_)};
  }

  std::vector<service::Peer> Peers() override {
    return {service::PeerOf("dispatch", peers_.dispatch),
            service::PeerOf("preference", peers_.preference)};
  }

  absl::Status Start() override {
    periodic_.emplace("weekly-reports", [this] { return worker_.RunOnce(); });
    erasing_.emplace("erasures", [this] { return erasure_worker_.RunOnce(); });
    return absl::OkStatus();
  }

  void Stop(absl::Time) override {
    worker_.Stop();
    if (periodic_) periodic_->Stop();
    erasing_.reset();
  }

 private:
  const PeerChannels peers_;
  PgCourseStore courses_;
  PgActivityStore activities_;
  PgWeeklyReportStore reports_;
  DispatchClient dispatch_;
  RecipientZonesClient zones_;
  school::SchoolClient preference_;
  school::CachedSchool school_;
  WeeklyReports weekly_reports_;
  personal_data::PreferenceErasures erasures_;
  personal_data::PgPersonalData personal_data_;
  personal_data::ErasureWorker erasure_worker_;
  WeeklyReportWorker worker_;
  CourseHandlers course_handlers_;
  WeeklyReportHandlers weekly_report_handlers_;
  MailStatsHandlers mail_stats_handlers_;
  ReportService service_;
  std::optional<lifecycle::Periodic> erasing_;
  std::optional<lifecycle::Periodic> periodic_;  // set by Start(), before the first call
};

absl::StatusOr<std::unique_ptr<service::Workload>> Build(const ReportConfig& config,
                                                         const service::Runtime& runtime) {
  PeerChannels peers;
  LMSMAIL_ASSIGN_OR_RETURN(peers.dispatch, rpc::NewChannel(config.dispatch.Channel()));
  LMSMAIL_ASSIGN_OR_RETURN(peers.preference, rpc::NewChannel(config.preference.Channel()));
  return std::make_unique<ReportWorkload>(config, peers, runtime);
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
