#include "libs/rpc/health_check.h"

#include <google/protobuf/wrappers.pb.h>
#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/impl/codegen/proto_utils.h>

#include "absl/synchronization/notification.h"
#include "absl/time/time.h"

#include "libs/rpc/client_call.h"

namespace lmsmail::rpc {
namespace {

// On the wire HealthCheckRequest{string service = 1} is a StringValue and
// HealthCheckResponse{ServingStatus status = 1} an Int32Value, so no copy of health.proto is
// needed.
constexpr int kServing = 1;

}  // namespace

absl::StatusOr<bool> IsServing(const std::shared_ptr<grpc::Channel>& channel,
                               const std::string& service) {
  google::protobuf::StringValue request;
  request.set_value(service);
  grpc::ClientContext context;
  Apply(After(absl::Seconds(10)), context);
  google::protobuf::Int32Value response;
  grpc::Status status;
  absl::Notification done;
  grpc::TemplatedGenericStub<google::protobuf::StringValue, google::protobuf::Int32Value> stub(
      channel);
  stub.UnaryCall(&context, "/grpc.health.v1.Health/Check", grpc::StubOptions(), &request, &response,
                 [&](const grpc::Status& result) {
                   status = result;
                   done.Notify();
                 });
  done.WaitForNotification();
  if (!status.ok()) return FromGrpcStatus(status);
  return response.value() == kServing;
}

}  // namespace lmsmail::rpc
