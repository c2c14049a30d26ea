#pragma once

#include "libs/audit/audit_handlers.h"
#include "libs/rpc/bound_service.h"
#include "lmsmail/dispatch/v1/dispatch_service.grpc.pb.h"
#include "services/dispatch/api/message_handlers.h"
#include "services/dispatch/api/queue_handlers.h"
#include "services/dispatch/api/submission_handlers.h"

namespace lmsmail::dispatch {

// lmsmail.dispatch.v1.DispatchService.
class DispatchService final : public rpc::BoundService<v1::DispatchService> {
 public:
  // All must outlive the server.
  DispatchService(rpc::CallRunner& runner, SubmissionHandlers& submissions,
                  MessageHandlers& messages, QueueHandlers& queue, audit::AuditHandlers& audit);
};

}  // namespace lmsmail::dispatch
