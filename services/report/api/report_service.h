#pragma once

#include "libs/audit/audit_handlers.h"
#include "libs/rpc/bound_service.h"
#include "lmsmail/report/v1/report_service.grpc.pb.h"
#include "services/report/api/course_handlers.h"
#include "services/report/api/mail_stats_handlers.h"
#include "services/report/api/weekly_report_handlers.h"

namespace lmsmail::report {

class ReportService final : public rpc::BoundService<v1::ReportService> {
 public:
  // The runner and the handlers must outlive the server.
  ReportService(rpc::CallRunner& runner, CourseHandlers& courses,
                WeeklyReportHandlers& weekly_reports, MailStatsHandlers& mail_stats,
                audit::AuditHandlers& audit);
};

}  // namespace lmsmail::report
