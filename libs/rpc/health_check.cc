#include "libs/rpc/health_check.h"

#include "absl/time/time.h"
#include "grpc/health/v1/health.grpc.pb.h"

#include "libs/rpc/client_call.h"
#include "libs/status/status_macros.h"

namespace lmsmail::rpc {

absl::StatusOr<bool> IsServing(const std::shared_ptr<grpc::Channel>& channel,
                               const std::string& service) {
  namespace pb = grpc::health::v1;
  const auto stub = pb::Health::NewStub(channel);
  pb::HealthCheckRequest request;
  request.set_service(service);
  LMSMAIL_ASSIGN_OR_RETURN(
      const pb::HealthCheckResponse response,
      Call(*stub, &pb::Health::StubInterface::Check, request, WithTimeout(absl::Seconds(10))));
  return response.status() == pb::HealthCheckResponse::SERVING;
}

}  // namespace lmsmail::rpc
