#pragma once

#include <memory>

#include "absl/status/status.h"

#include "libs/rpc/client_stream.h"
#include "libs/rpc/responder.h"
#include "lmsmail/dispatch/v1/dispatch_service.pb.h"
#include "services/dispatch/intake/intake.h"
#include "services/dispatch/writing/message_id_header.h"

namespace lmsmail::dispatch {

// Accepting mail: Send, SendBatch, SendBulk.
class SendHandlers {
 public:
  // Both must outlive this.
  SendHandlers(Intake& intake, const MessageIdHeader& message_ids)
      : intake_(intake), message_ids_(message_ids) {}

  // Many Sends share a transaction, so the answer comes when that is committed.
  void Send(const v1::SendRequest& request, v1::Message& response, rpc::Responder responder);
  absl::Status SendBatch(const v1::SendBatchRequest& request, v1::SendBatchResponse& response);
  // `response` must outlive the handler.
  std::unique_ptr<rpc::ClientStreamHandler<v1::SendBulkRequest>> SendBulk(
      v1::SendBulkResponse& response);

 private:
  Intake& intake_;
  const MessageIdHeader& message_ids_;
};

}  // namespace lmsmail::dispatch
