#pragma once

#include <functional>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

#include "libs/clock/clock.h"
#include "libs/rpc/call_info.h"
#include "lmsmail/dispatch/v1/dispatch_service.pb.h"
#include "services/dispatch/log/event_recorder.h"
#include "services/dispatch/rendering/message_id_header.h"
#include "services/dispatch/rendering/raw_messages.h"
#include "services/dispatch/storage/message_log.h"
#include "services/dispatch/storage/queue_store.h"

namespace lmsmail::dispatch {

// Handles the methods for mails and batches after they were accepted, and for their statistics.
class MessageHandlers {
 public:
  // All must outlive this.
  struct Dependencies {
    const Clock& clock;
    QueueStore& queue;
    MessageLog& log;
    const RawMessages& raw_messages;
    EventRecorder& events;
    const MessageIdHeader& message_ids;
    // Called after a mail of the lane was queued again.
    std::function<void(Lane)> on_retry = [](Lane) {};
  };
  explicit MessageHandlers(Dependencies dependencies) : d_(std::move(dependencies)) {}

  absl::Status GetMessage(const rpc::CallInfo& call, const v1::GetMessageRequest& request,
                          v1::Message& response);
  absl::Status ListMessages(const rpc::CallInfo& call, const v1::ListMessagesRequest& request,
                            v1::ListMessagesResponse& response);
  absl::Status CancelMessage(const rpc::CallInfo& call, const v1::CancelMessageRequest& request,
                             v1::Message& response);
  absl::Status RetryMessage(const rpc::CallInfo& call, const v1::RetryMessageRequest& request,
                            v1::Message& response);
  absl::Status RetryRestored(const rpc::CallInfo& call, const v1::RetryRestoredRequest& request,
                             v1::RetryRestoredResponse& response);
  absl::Status ExplainMessage(const rpc::CallInfo& call, const v1::ExplainMessageRequest& request,
                              v1::ExplainMessageResponse& response);
  absl::Status PreviewMessage(const rpc::CallInfo& call, const v1::PreviewMessageRequest& request,
                              v1::PreviewMessageResponse& response);
  absl::Status GetBatch(const rpc::CallInfo& call, const v1::GetBatchRequest& request,
                        v1::Batch& response);
  absl::Status CancelBatch(const rpc::CallInfo& call, const v1::CancelBatchRequest& request,
                           v1::Batch& response);
  absl::Status RecordEvents(const rpc::CallInfo& call, const v1::RecordEventsRequest& request,
                            v1::RecordEventsResponse& response);
  absl::Status GetMailStats(const rpc::CallInfo& call, const v1::GetMailStatsRequest& request,
                            v1::GetMailStatsResponse& response);

 private:
  using Role = identity::Role;

  // Finds a mail by `name` or `request_id`, exactly one of which must be set. Callers without
  // `role_for_all` find their own mail only.
  template <typename Request>
  absl::StatusOr<MessageId> Find(const rpc::CallInfo& call, const Request& request,
                                 Role role_for_all);
  // `sender` may be empty.
  absl::StatusOr<MessageId> FindByKey(const rpc::CallInfo& call, const std::string& key,
                                      const std::string& sender, bool of_anybody);
  absl::StatusOr<BatchRecord> FindBatch(const rpc::CallInfo& call, const std::string& name,
                                        Role role_for_all);
  // Returns nullopt for an event of an unknown mail.
  std::optional<ProviderEvent> EventFromProto(const v1::ProviderEvent& event,
                                              std::string_view field, Violations& violations);

  const Dependencies d_;
};

}  // namespace lmsmail::dispatch
