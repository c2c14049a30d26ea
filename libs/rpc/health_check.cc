#include "libs/rpc/health_check.h"

#include "absl/time/clock.h"
#include "grpc/health/v1/health.grpc.pb.h"

#include "libs/rpc/client_call.h"
#include "libs/status/status_macros.h"

namespace lmsmail::rpc {

absl::StatusOr<bool> IsServing(const std::shared_ptr<grpc::Channel>& channel,
                               const std::string& service, absl::Duration timeout) {
  namespace pb = grpc::health::v1;
  const auto stub = pb::Health::NewStub(channel);
  pb::HealthCheckRequest request;
  request.set_service(service);
  // Of no trace, however many of them are sampled.
  LMSMAIL_ASSIGN_OR_RETURN(
      const pb::HealthCheckResponse response,
      Call(*stub, &pb::Health::StubInterface::Check, request, {.deadline = absl::Now() + timeout}));
  return response.status() == pb::HealthCheckResponse::SERVING;
}

}  // namespace lmsmail::rpc
