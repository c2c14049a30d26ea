#include "services/dispatch/api/dispatch_service.h"

namespace lmsmail::dispatch {

DispatchService::DispatchService(rpc::CallRunner& runner, SubmissionHandlers& submissions,
                                 MessageHandlers& messages, QueueHandlers& queue,
                                 audit::AuditHandlers& audit)
    : BoundService(runner) {
  BindAsync("Send", submissions, &SubmissionHandlers::Send);
  Bind("SendBatch", submissions, &SubmissionHandlers::SendBatch);
  BindClientStream("SendBulk", submissions, &SubmissionHandlers::SendBulk);

  Bind("GetBatch", messages, &MessageHandlers::GetBatch);
  Bind("CancelBatch", messages, &MessageHandlers::CancelBatch);
  Bind("GetMessage", messages, &MessageHandlers::GetMessage);
  Bind("ListMessages", messages, &MessageHandlers::ListMessages);
  Bind("CancelMessage", messages, &MessageHandlers::CancelMessage);
  Bind("RetryMessage", messages, &MessageHandlers::RetryMessage);
  Bind("RetryRestored", messages, &MessageHandlers::RetryRestored);
  Bind("ExplainMessage", messages, &MessageHandlers::ExplainMessage);
  Bind("PreviewMessage", messages, &MessageHandlers::PreviewMessage);
  Bind("RecordEvents", messages, &MessageHandlers::RecordEvents);
  Bind("GetMailStats", messages, &MessageHandlers::GetMailStats);

  Bind("GetQueueStats", queue, &QueueHandlers::GetQueueStats);
  Bind("ListInFlight", queue, &QueueHandlers::ListInFlight);
  Bind("PauseLane", queue, &QueueHandlers::PauseLane);
  Bind("ResumeLane", queue, &QueueHandlers::ResumeLane);
  Bind("Sweep", queue, &QueueHandlers::Sweep);
  Bind("PurgeLogs", queue, &QueueHandlers::PurgeLogs);
  Bind("ListTransports", queue, &QueueHandlers::ListTransports);
  BindAsync("TestTransport", queue, &QueueHandlers::TestTransport);
  Bind("ListAuditEvents", audit, &audit::AuditHandlers::ListAuditEvents);
}

}  // namespace lmsmail::dispatch
