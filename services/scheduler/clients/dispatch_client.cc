#include "services/scheduler/clients/dispatch_client.h"

#include <algorithm>

#include "libs/protobuf/time.h"
#include "libs/rpc/client_call.h"
#include "libs/status/error_details.h"
#include "libs/status/status_macros.h"

namespace lmsmail::scheduler {
namespace {

using Stub = dispatch::v1::DispatchService::StubInterface;

constexpr absl::Duration kMaintenanceTimeout = absl::Minutes(1);

// The fields that SendRequest and BatchHeader share.
template <typename Message>
void FillCommon(const std::string& request_id, const MailContent& content, Message& message) {
  message.set_request_id(request_id);
  message.set_template_(content.template_name);
  message.set_lane(content.lane);
  if (!content.course_id.empty()) (*message.mutable_labels())["course"] = content.course_id;
}

dispatch::v1::SendRequest RequestOf(const std::string& request_id, const std::string& student,
                                    const MailContent& content) {
  dispatch::v1::SendRequest request;
  FillCommon(request_id, content, request);
  request.mutable_target()->set_recipient(student);
  *request.mutable_context() = content.context;
  return request;
}

}  // namespace

absl::Status DispatchClient::Validate(const std::string& request_id, const std::string& student,
                                      const MailContent& content) {
  dispatch::v1::SendRequest request = RequestOf(request_id, student, content);
  request.set_validate_only(true);
  return rpc::Call(*stub_, &Stub::Send, request, rpc::WithTimeout(timeout_)).status();
}

absl::Status DispatchClient::CheckTemplate(const std::string& template_name) {
  MailContent content;
  content.template_name = template_name;
  const absl::Status status = Validate("template-check", "recipients/nobody", content);
  if (absl::IsInvalidArgument(status)) {
    // The empty context is no fault of the template.
    const std::vector<FieldViolation> violations = ViolationsOf(status);
    const bool only_context =
        !violations.empty() && std::ranges::all_of(violations, [](const FieldViolation& violation) {
          return violation.field.starts_with("context.");
        });
    return only_context ? absl::OkStatus() : status;
  }
  if (absl::IsNotFound(status) || absl::IsFailedPrecondition(status)) {
    return absl::InvalidArgumentError(status.message());
  }
  return status;
}

absl::Status DispatchClient::Send(const std::string& request_id, const std::string& student,
                                  const MailContent& content) {
  const dispatch::v1::SendRequest request = RequestOf(request_id, student, content);
  return rpc::Call(*stub_, &Stub::Send, request, rpc::WithTimeout(timeout_)).status();
}

absl::StatusOr<BatchResult> DispatchClient::SendBatch(
    const std::string& request_id, const MailContent& content,
    const std::vector<BatchRecipient>& recipients) {
  dispatch::v1::SendBatchRequest request;
  FillCommon(request_id, content, *request.mutable_header());
  *request.mutable_header()->mutable_shared_context() = content.context;
  for (const BatchRecipient& recipient : recipients) {
    dispatch::v1::BatchItem& item = *request.add_items();
    item.mutable_target()->set_recipient(recipient.student);
    item.set_dedupe_key(recipient.dedupe_key);
  }
  LMSMAIL_ASSIGN_OR_RETURN(
      const dispatch::v1::SendBatchResponse response,
      rpc::Call(*stub_, &Stub::SendBatch, request, rpc::WithTimeout(timeout_)));
  BatchResult total;
  for (const auto& result : response.results()) {
    if (result.status().code() == 0) {
      ++total.accepted;
    } else if (++total.rejected == 1) {
      total.first_rejection = result.status().message();
    }
  }
  return total;
}

absl::Status DispatchClient::Cancel(const std::string& key) {
  dispatch::v1::CancelMessageRequest request;
  request.set_request_id(key);
  return rpc::Call(*stub_, &Stub::CancelMessage, request, rpc::WithTimeout(timeout_)).status();
}

absl::StatusOr<SweepResult> DispatchClient::Sweep() {
  LMSMAIL_ASSIGN_OR_RETURN(const dispatch::v1::SweepResponse response,
                           rpc::Call(*stub_, &Stub::Sweep, dispatch::v1::SweepRequest(),
                                     rpc::WithTimeout(kMaintenanceTimeout)));
  return SweepResult{.recovered_count = response.recovered_count(),
                     .promoted_count = response.promoted_count()};
}

absl::StatusOr<PurgeResult> DispatchClient::PurgeLogs(absl::Duration max_age) {
  dispatch::v1::PurgeLogsRequest request;
  *request.mutable_max_age() = protobuf::ToProto(max_age);
  LMSMAIL_ASSIGN_OR_RETURN(
      const dispatch::v1::PurgeLogsResponse response,
      rpc::Call(*stub_, &Stub::PurgeLogs, request, rpc::WithTimeout(kMaintenanceTimeout)));
  return PurgeResult{.dropped_day_count = response.dropped_day_count(),
                     .kept_day_count = response.kept_day_count()};
}

}  // namespace lmsmail::scheduler
