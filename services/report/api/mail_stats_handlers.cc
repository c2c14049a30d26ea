#include "services/report/api/mail_stats_handlers.h"

#include <vector>

#include "libs/status/status_macros.h"
#include "services/report/api/convert.h"

namespace lmsmail::report {

absl::Status MailStatsHandlers::GetMailStats(const rpc::CallInfo& call,
                                             const v1::GetMailStatsRequest& request,
                                             v1::GetMailStatsResponse& response) {
  Violations violations;
  const MailStatsQuery query = MailStatsQueryFromProto(request, violations);
  LMSMAIL_RETURN_IF_ERROR(violations.ToStatus());
  LMSMAIL_ASSIGN_OR_RETURN(const std::vector<MailStats> stats, source_.Get(query, call));
  for (const MailStats& day : stats) *response.add_stats() = ToProto(day);
  *response.mutable_total() = ToProto(TotalOf(stats));
  return absl::OkStatus();
}

}  // namespace lmsmail::report
