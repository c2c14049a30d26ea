#pragma once

#include "absl/status/status.h"

#include "libs/audit/audit_log.h"
#include "libs/rpc/call_info.h"
#include "lmsmail/type/v1/audit.pb.h"

namespace lmsmail::audit {

// Handles the methods about the audit log, which every service has.
class AuditHandlers {
 public:
  // `reader` must outlive this.
  explicit AuditHandlers(AuditReader& reader) : reader_(reader) {}

  absl::Status ListAuditEvents(const rpc::CallInfo& call,
                               const type::v1::ListAuditEventsRequest& request,
                               type::v1::ListAuditEventsResponse& response);

 private:
  AuditReader& reader_;
};

}  // namespace lmsmail::audit
