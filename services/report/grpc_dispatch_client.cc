#include "services/report/grpc_dispatch_client.h"

#include <string>

#include "libs/rpc/client_call.h"
#include "libs/status/status_macros.h"
#include "services/report/resource_names.h"
#include "services/report/weekly_mail.h"

namespace lmsmail::report {
namespace {

namespace pb = lmsmail::dispatch::v1;

pb::SendBatchRequest RequestOf(const Mailing& mailing) {
  pb::SendBatchRequest request;
  request.mutable_header()->set_request_id(mailing.request_id);
  request.mutable_header()->set_template_(kWeeklyTemplate);
  request.mutable_header()->set_lane(lmsmail::type::v1::LANE_BULK);
  for (const MailItem& mail : mailing.items) {
    pb::BatchItem& item = *request.add_items();
    item.mutable_target()->set_recipient(RecipientName(mail.student));
    *item.mutable_context() = mail.context;
    item.set_dedupe_key(mail.dedupe_key);
  }
  return request;
}

}  // namespace

absl::StatusOr<std::vector<absl::Status>> GrpcDispatchClient::HandOver(const Mailing& mailing) {
  LMSMAIL_ASSIGN_OR_RETURN(const pb::SendBatchResponse response,
                           rpc::Call(*stub_, &pb::DispatchService::StubInterface::SendBatch,
                                     RequestOf(mailing), rpc::WithTimeout(timeout_)));
  std::vector<absl::Status> results;
  for (const pb::BatchItemResult& result : response.results()) {
    results.emplace_back(static_cast<absl::StatusCode>(result.status().code()),
                         result.status().message());
  }
  return results;
}

absl::StatusOr<std::vector<pb::MailStats>> GrpcDispatchClient::Get(
    const pb::GetMailStatsRequest& request, const rpc::CallInfo& call) {
  LMSMAIL_ASSIGN_OR_RETURN(const pb::GetMailStatsResponse response,
                           rpc::Call(*stub_, &pb::DispatchService::StubInterface::GetMailStats,
                                     request, rpc::Within(call, timeout_)));
  return std::vector<pb::MailStats>(response.stats().begin(), response.stats().end());
}

}  // namespace lmsmail::report
