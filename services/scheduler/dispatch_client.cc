#include "services/scheduler/dispatch_client.h"

#include "libs/rpc/client_call.h"
#include "libs/rpc/time.h"

namespace lmsmail::scheduler {
namespace {

using Stub = dispatch::v1::DispatchService::StubInterface;

constexpr absl::Duration kUpkeepTimeout = absl::Minutes(1);

}  // namespace

absl::Status DispatchClient::Send(const dispatch::v1::SendRequest& request) {
  return rpc::Call(*stub_, &Stub::Send, request, rpc::WithTimeout(timeout_)).status();
}

absl::StatusOr<dispatch::v1::SendBatchResponse> DispatchClient::SendBatch(
    const dispatch::v1::SendBatchRequest& request) {
  return rpc::Call(*stub_, &Stub::SendBatch, request, rpc::WithTimeout(timeout_));
}

absl::Status DispatchClient::Cancel(const std::string& key) {
  dispatch::v1::CancelMessageRequest request;
  request.set_request_id(key);
  return rpc::Call(*stub_, &Stub::CancelMessage, request, rpc::WithTimeout(timeout_)).status();
}

absl::StatusOr<dispatch::v1::SweepResponse> DispatchClient::Sweep() {
  return rpc::Call(*stub_, &Stub::Sweep, dispatch::v1::SweepRequest(),
                   rpc::WithTimeout(kUpkeepTimeout));
}

absl::StatusOr<dispatch::v1::PurgeLogsResponse> DispatchClient::PurgeLogs(absl::Duration max_age) {
  dispatch::v1::PurgeLogsRequest request;
  *request.mutable_max_age() = rpc::ToProto(max_age);
  return rpc::Call(*stub_, &Stub::PurgeLogs, request, rpc::WithTimeout(kUpkeepTimeout));
}

}  // namespace lmsmail::scheduler
