#pragma once

#include <memory>

#include "absl/status/status.h"

#include "libs/rpc/call_info.h"
#include "libs/rpc/client_stream.h"
#include "libs/rpc/responder.h"
#include "lmsmail/dispatch/v1/dispatch_service.pb.h"
#include "services/dispatch/rendering/message_id_header.h"
#include "services/dispatch/submission/submitter.h"

namespace lmsmail::dispatch {

// Handles the methods that accept mail.
class SubmissionHandlers {
 public:
  // Both must outlive this.
  SubmissionHandlers(Submitter& submitter, const MessageIdHeader& message_ids)
      : submitter_(submitter), message_ids_(message_ids) {}

  // Finishes when the transaction, which concurrent calls share, is committed.
  void Send(const rpc::CallInfo& call, const v1::SendRequest& request, v1::Message& response,
            rpc::Responder responder);
  absl::Status SendBatch(const rpc::CallInfo& call, const v1::SendBatchRequest& request,
                         v1::SendBatchResponse& response);
  // `response` must outlive the handler.
  std::unique_ptr<rpc::ClientStreamHandler<v1::SendBulkRequest>> SendBulk(
      v1::SendBulkResponse& response);

 private:
  Submitter& submitter_;
  const MessageIdHeader& message_ids_;
};

}  // namespace lmsmail::dispatch
