#pragma once

#include "libs/rpc/call_runner.h"
#include "lmsmail/dispatch/v1/dispatch_service.grpc.pb.h"
#include "services/dispatch/api/message_handlers.h"
#include "services/dispatch/api/queue_handlers.h"
#include "services/dispatch/api/send_handlers.h"

namespace lmsmail::dispatch {

// Leads each call to the handler of its subject.
class DispatchServiceImpl final : public v1::DispatchService::CallbackService {
 public:
  // All must outlive this.
  DispatchServiceImpl(rpc::CallRunner& runner, SendHandlers& send, MessageHandlers& messages,
                      QueueHandlers& queue)
      : runner_(runner), send_(send), messages_(messages), queue_(queue) {}

  grpc::ServerUnaryReactor* Send(grpc::CallbackServerContext* context,
                                 const v1::SendRequest* request, v1::Message* response) override;
  grpc::ServerUnaryReactor* SendBatch(grpc::CallbackServerContext* context,
                                      const v1::SendBatchRequest* request,
                                      v1::SendBatchResponse* response) override;
  grpc::ServerUnaryReactor* GetBatch(grpc::CallbackServerContext* context,
                                     const v1::GetBatchRequest* request,
                                     v1::Batch* response) override;
  grpc::ServerUnaryReactor* CancelBatch(grpc::CallbackServerContext* context,
                                        const v1::CancelBatchRequest* request,
                                        v1::Batch* response) override;
  grpc::ServerUnaryReactor* GetMessage(grpc::CallbackServerContext* context,
                                       const v1::GetMessageRequest* request,
                                       v1::Message* response) override;
  grpc::ServerUnaryReactor* ListMessages(grpc::CallbackServerContext* context,
                                         const v1::ListMessagesRequest* request,
                                         v1::ListMessagesResponse* response) override;
  grpc::ServerUnaryReactor* CancelMessage(grpc::CallbackServerContext* context,
                                          const v1::CancelMessageRequest* request,
                                          v1::Message* response) override;
  grpc::ServerUnaryReactor* RetryMessage(grpc::CallbackServerContext* context,
                                         const v1::RetryMessageRequest* request,
                                         v1::Message* response) override;
  grpc::ServerUnaryReactor* ExplainMessage(grpc::CallbackServerContext* context,
                                           const v1::ExplainMessageRequest* request,
                                           v1::ExplainMessageResponse* response) override;
  grpc::ServerUnaryReactor* GetQueueStats(grpc::CallbackServerContext* context,
                                          const v1::GetQueueStatsRequest* request,
                                          v1::GetQueueStatsResponse* response) override;
  grpc::ServerUnaryReactor* ListInFlight(grpc::CallbackServerContext* context,
                                         const v1::ListInFlightRequest* request,
                                         v1::ListInFlightResponse* response) override;
  grpc::ServerUnaryReactor* PauseLane(grpc::CallbackServerContext* context,
                                      const v1::PauseLaneRequest* request,
                                      v1::LaneStats* response) override;
  grpc::ServerUnaryReactor* ResumeLane(grpc::CallbackServerContext* context,
                                       const v1::ResumeLaneRequest* request,
                                       v1::LaneStats* response) override;
  grpc::ServerUnaryReactor* Sweep(grpc::CallbackServerContext* context,
                                  const v1::SweepRequest* request,
                                  v1::SweepResponse* response) override;
  grpc::ServerUnaryReactor* PurgeLogs(grpc::CallbackServerContext* context,
                                      const v1::PurgeLogsRequest* request,
                                      v1::PurgeLogsResponse* response) override;
  grpc::ServerUnaryReactor* ListTransports(grpc::CallbackServerContext* context,
                                           const v1::ListTransportsRequest* request,
                                           v1::ListTransportsResponse* response) override;
  grpc::ServerUnaryReactor* TestTransport(grpc::CallbackServerContext* context,
                                          const v1::TestTransportRequest* request,
                                          v1::TestTransportResponse* response) override;
  grpc::ServerUnaryReactor* RecordEvents(grpc::CallbackServerContext* context,
                                         const v1::RecordEventsRequest* request,
                                         v1::RecordEventsResponse* response) override;
  grpc::ServerUnaryReactor* GetMailStats(grpc::CallbackServerContext* context,
                                         const v1::GetMailStatsRequest* request,
                                         v1::GetMailStatsResponse* response) override;
  grpc::ServerReadReactor<v1::SendBulkRequest>* SendBulk(grpc::CallbackServerContext* context,
                                                         v1::SendBulkResponse* response) override;

 private:
  rpc::CallRunner& runner_;
  SendHandlers& send_;
  MessageHandlers& messages_;
  QueueHandlers& queue_;
};

}  // namespace lmsmail::dispatch
