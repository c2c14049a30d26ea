#include "services/report/clients/dispatch_client.h"

#include <string>
#include <utility>

#include "libs/protobuf/time.h"
#include "libs/rpc/client_call.h"
#include "libs/status/status_macros.h"
#include "services/report/domain/resource_names.h"
#include "services/report/domain/weekly_mail.h"

namespace lmsmail::report {
namespace {

namespace pb = lmsmail::dispatch::v1;

pb::SendBatchRequest ToProto(const MailBatch& batch) {
  pb::SendBatchRequest request;
  request.mutable_header()->set_request_id(batch.request_id);
  request.mutable_header()->set_template_(kWeeklyTemplate);
  request.mutable_header()->set_lane(lmsmail::type::v1::LANE_BULK);
  if (batch.send_time) {
    *request.mutable_header()->mutable_send_time() = protobuf::ToProto(*batch.send_time);
  }
  for (const MailItem& mail : batch.items) {
    pb::BatchItem& item = *request.add_items();
    item.mutable_target()->set_recipient(RecipientName(mail.student));
    *item.mutable_context() = mail.context;
    item.set_dedupe_key(mail.dedupe_key);
  }
  return request;
}

pb::GetMailStatsRequest ToProto(const MailStatsQuery& query) {
  pb::GetMailStatsRequest request;
  if (query.start_time) *request.mutable_start_time() = protobuf::ToProto(*query.start_time);
  if (query.end_time) *request.mutable_end_time() = protobuf::ToProto(*query.end_time);
  request.set_template_(query.template_name);
  return request;
}

absl::StatusOr<MailStats> FromProto(const pb::MailStats& proto) {
  MailStats stats;
  LMSMAIL_ASSIGN_OR_RETURN(stats.day_time, protobuf::FromProto(proto.day_time()));
  stats.template_name = proto.template_();
  stats.sent_count = proto.sent_count();
  stats.skipped_count = proto.skipped_count();
  stats.failed_count = proto.failed_count();
  stats.bounced_count = proto.bounced_count();
  stats.opened_count = proto.opened_count();
  stats.clicked_count = proto.clicked_count();
  stats.dropped_count = proto.dropped_count();
  stats.complained_count = proto.complained_count();
  return stats;
}

}  // namespace

absl::StatusOr<std::vector<absl::Status>> DispatchClient::SendBatch(const MailBatch& batch) {
  LMSMAIL_ASSIGN_OR_RETURN(const pb::SendBatchResponse response,
                           rpc::Call(*stub_, &pb::DispatchService::StubInterface::SendBatch,
                                     ToProto(batch), rpc::WithTimeout(timeout_)));
  std::vector<absl::Status> results;
  for (const pb::BatchItemResult& result : response.results()) {
    results.emplace_back(static_cast<absl::StatusCode>(result.status().code()),
                         result.status().message());
  }
  return results;
}

absl::StatusOr<std::vector<MailStats>> DispatchClient::Get(const MailStatsQuery& query,
                                                           const rpc::CallInfo& call) {
  LMSMAIL_ASSIGN_OR_RETURN(const pb::GetMailStatsResponse response,
                           rpc::Call(*stub_, &pb::DispatchService::StubInterface::GetMailStats,
                                     ToProto(query), rpc::Within(call, timeout_)));
  std::vector<MailStats> stats;
  for (const pb::MailStats& day : response.stats()) {
    LMSMAIL_ASSIGN_OR_RETURN(stats.emplace_back(), FromProto(day));
  }
  return stats;
}

absl::StatusOr<Preview> DispatchClient::Render(const std::string& student,
                                               const google::protobuf::Struct& context,
                                               const rpc::CallInfo& call) {
  pb::PreviewMessageRequest request;
  request.set_template_(kWeeklyTemplate);
  request.mutable_target()->set_recipient(RecipientName(student));
  *request.mutable_context() = context;
  LMSMAIL_ASSIGN_OR_RETURN(pb::PreviewMessageResponse response,
                           rpc::Call(*stub_, &pb::DispatchService::StubInterface::PreviewMessage,
                                     request, rpc::Within(call, timeout_)));
  return Preview{std::move(*response.mutable_subject()), std::move(*response.mutable_html()),
                 std::move(*response.mutable_text())};
}

}  // namespace lmsmail::report
