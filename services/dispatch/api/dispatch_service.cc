#include "services/dispatch/api/dispatch_service.h"

namespace lmsmail::dispatch {
namespace {

// Runs `method` of `handlers` for one call.
template <typename Handlers, typename Request, typename Response>
grpc::ServerUnaryReactor* Run(rpc::CallRunner& runner, grpc::CallbackServerContext* context,
                              std::string_view name, Handlers& handlers,
                              absl::Status (Handlers::*method)(const Request&, Response&),
                              const Request* request, Response* response) {
  return runner.Run(context, name, [&handlers, method, request, response](const rpc::CallInfo&) {
    return (handlers.*method)(*request, *response);
  });
}

}  // namespace

grpc::ServerUnaryReactor* DispatchServiceImpl::Send(grpc::CallbackServerContext* context,
                                                    const v1::SendRequest* request,
                                                    v1::Message* response) {
  return runner_.RunAsync(context, "lmsmail.dispatch.v1.DispatchService/Send",
                          [=, this](const rpc::CallInfo&, rpc::Responder&& responder) {
                            send_.Send(*request, *response, std::move(responder));
                          });
}

grpc::ServerUnaryReactor* DispatchServiceImpl::SendBatch(grpc::CallbackServerContext* context,
                                                         const v1::SendBatchRequest* request,
                                                         v1::SendBatchResponse* response) {
  return Run(runner_, context, "lmsmail.dispatch.v1.DispatchService/SendBatch", send_,
             &SendHandlers::SendBatch, request, response);
}

grpc::ServerUnaryReactor* DispatchServiceImpl::GetBatch(grpc::CallbackServerContext* context,
                                                        const v1::GetBatchRequest* request,
                                                        v1::Batch* response) {
  return Run(runner_, context, "lmsmail.dispatch.v1.DispatchService/GetBatch", messages_,
             &MessageHandlers::GetBatch, request, response);
}

grpc::ServerUnaryReactor* DispatchServiceImpl::CancelBatch(grpc::CallbackServerContext* context,
                                                           const v1::CancelBatchRequest* request,
                                                           v1::Batch* response) {
  return Run(runner_, context, "lmsmail.dispatch.v1.DispatchService/CancelBatch", messages_,
             &MessageHandlers::CancelBatch, request, response);
}

grpc::ServerUnaryReactor* DispatchServiceImpl::GetMessage(grpc::CallbackServerContext* context,
                                                          const v1::GetMessageRequest* request,
                                                          v1::Message* response) {
  return Run(runner_, context, "lmsmail.dispatch.v1.DispatchService/GetMessage", messages_,
             &MessageHandlers::GetMessage, request, response);
}

grpc::ServerUnaryReactor* DispatchServiceImpl::ListMessages(grpc::CallbackServerContext* context,
                                                            const v1::ListMessagesRequest* request,
                                                            v1::ListMessagesResponse* response) {
  return Run(runner_, context, "lmsmail.dispatch.v1.DispatchService/ListMessages", messages_,
             &MessageHandlers::ListMessages, request, response);
}

grpc::ServerUnaryReactor* DispatchServiceImpl::CancelMessage(
    grpc::CallbackServerContext* context, const v1::CancelMessageRequest* request,
    v1::Message* response) {
  return Run(runner_, context, "lmsmail.dispatch.v1.DispatchService/CancelMessage", messages_,
             &MessageHandlers::CancelMessage, request, response);
}

grpc::ServerUnaryReactor* DispatchServiceImpl::RetryMessage(grpc::CallbackServerContext* context,
                                                            const v1::RetryMessageRequest* request,
                                                            v1::Message* response) {
  return Run(runner_, context, "lmsmail.dispatch.v1.DispatchService/RetryMessage", messages_,
             &MessageHandlers::RetryMessage, request, response);
}

grpc::ServerUnaryReactor* DispatchServiceImpl::ExplainMessage(
    grpc::CallbackServerContext* context, const v1::ExplainMessageRequest* request,
    v1::ExplainMessageResponse* response) {
  return Run(runner_, context, "lmsmail.dispatch.v1.DispatchService/ExplainMessage", messages_,
             &MessageHandlers::ExplainMessage, request, response);
}

grpc::ServerUnaryReactor* DispatchServiceImpl::GetQueueStats(
    grpc::CallbackServerContext* context, const v1::GetQueueStatsRequest* request,
    v1::GetQueueStatsResponse* response) {
  return Run(runner_, context, "lmsmail.dispatch.v1.DispatchService/GetQueueStats", queue_,
             &QueueHandlers::GetQueueStats, request, response);
}

grpc::ServerUnaryReactor* DispatchServiceImpl::ListInFlight(grpc::CallbackServerContext* context,
                                                            const v1::ListInFlightRequest* request,
                                                            v1::ListInFlightResponse* response) {
  return Run(runner_, context, "lmsmail.dispatch.v1.DispatchService/ListInFlight", queue_,
             &QueueHandlers::ListInFlight, request, response);
}

grpc::ServerUnaryReactor* DispatchServiceImpl::PauseLane(grpc::CallbackServerContext* context,
                                                         const v1::PauseLaneRequest* request,
                                                         v1::LaneStats* response) {
  return Run(runner_, context, "lmsmail.dispatch.v1.DispatchService/PauseLane", queue_,
             &QueueHandlers::PauseLane, request, response);
}

grpc::ServerUnaryReactor* DispatchServiceImpl::ResumeLane(grpc::CallbackServerContext* context,
                                                          const v1::ResumeLaneRequest* request,
                                                          v1::LaneStats* response) {
  return Run(runner_, context, "lmsmail.dispatch.v1.DispatchService/ResumeLane", queue_,
             &QueueHandlers::ResumeLane, request, response);
}

grpc::ServerUnaryReactor* DispatchServiceImpl::Sweep(grpc::CallbackServerContext* context,
                                                     const v1::SweepRequest* request,
                                                     v1::SweepResponse* response) {
  return Run(runner_, context, "lmsmail.dispatch.v1.DispatchService/Sweep", queue_,
             &QueueHandlers::Sweep, request, response);
}

grpc::ServerUnaryReactor* DispatchServiceImpl::PurgeLogs(grpc::CallbackServerContext* context,
                                                         const v1::PurgeLogsRequest* request,
                                                         v1::PurgeLogsResponse* response) {
  return Run(runner_, context, "lmsmail.dispatch.v1.DispatchService/PurgeLogs", queue_,
             &QueueHandlers::PurgeLogs, request, response);
}

grpc::ServerUnaryReactor* DispatchServiceImpl::ListTransports(
    grpc::CallbackServerContext* context, const v1::ListTransportsRequest* request,
    v1::ListTransportsResponse* response) {
  return Run(runner_, context, "lmsmail.dispatch.v1.DispatchService/ListTransports", queue_,
             &QueueHandlers::ListTransports, request, response);
}

grpc::ServerUnaryReactor* DispatchServiceImpl::TestTransport(
    grpc::CallbackServerContext* context, const v1::TestTransportRequest* request,
    v1::TestTransportResponse* response) {
  return Run(runner_, context, "lmsmail.dispatch.v1.DispatchService/TestTransport", queue_,
             &QueueHandlers::TestTransport, request, response);
}

grpc::ServerUnaryReactor* DispatchServiceImpl::RecordEvents(grpc::CallbackServerContext* context,
                                                            const v1::RecordEventsRequest* request,
                                                            v1::RecordEventsResponse* response) {
  return Run(runner_, context, "lmsmail.dispatch.v1.DispatchService/RecordEvents", messages_,
             &MessageHandlers::RecordEvents, request, response);
}

grpc::ServerUnaryReactor* DispatchServiceImpl::GetMailStats(grpc::CallbackServerContext* context,
                                                            const v1::GetMailStatsRequest* request,
                                                            v1::GetMailStatsResponse* response) {
  return Run(runner_, context, "lmsmail.dispatch.v1.DispatchService/GetMailStats", messages_,
             &MessageHandlers::GetMailStats, request, response);
}

grpc::ServerReadReactor<v1::SendBulkRequest>* DispatchServiceImpl::SendBulk(
    grpc::CallbackServerContext* context, v1::SendBulkResponse* response) {
  return runner_.RunClientStream<v1::SendBulkRequest>(
      context, "lmsmail.dispatch.v1.DispatchService/SendBulk", send_.SendBulk(*response));
}

}  // namespace lmsmail::dispatch
