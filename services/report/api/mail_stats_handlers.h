#pragma once

#include "absl/status/status.h"

#include "libs/rpc/call_info.h"
#include "lmsmail/report/v1/report_service.pb.h"
#include "services/report/domain/mail_stats.h"

namespace lmsmail::report {

// The method of ReportService for mail statistics.
class MailStatsHandlers {
 public:
  explicit MailStatsHandlers(MailStatsSource& source) : source_(source) {}

  absl::Status GetMailStats(const rpc::CallInfo& call, const v1::GetMailStatsRequest& request,
                            v1::GetMailStatsResponse& response);

 private:
  MailStatsSource& source_;
};

}  // namespace lmsmail::report
