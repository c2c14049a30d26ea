#include "services/preference/api/recipient_handlers.h"

#include <google/protobuf/util/message_differencer.h>

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "libs/rpc/page.h"
#include "libs/rpc/status.h"
#include "libs/status/error_details.h"
#include "libs/status/status_macros.h"
#include "services/preference/api/convert.h"
#include "services/preference/domain/request_validation.h"
#include "services/preference/domain/resource_names.h"

namespace lmsmail::preference {
namespace {

constexpr rpc::PageSizes kPageSizes{.default_size = 100, .max_size = 1000};

}  // namespace

absl::Status RecipientHandlers::UpsertRecipients(const rpc::CallInfo& call,
                                                 const v1::UpsertRecipientsRequest& request,
                                                 v1::UpsertRecipientsResponse& response) {
  Violations violations;
  ValidateRequestId(request.request_id(), violations);
  CheckCount(request.recipients_size(), "recipients", violations);
  LMSMAIL_RETURN_IF_ERROR(violations.ToStatus());
  std::map<std::string, const v1::Recipient*> firsts;  // by name
  std::vector<Recipient> recipients;
  for (const v1::Recipient& given : request.recipients()) {
    Violations errors;
    Recipient recipient = RecipientFromProto(given, errors);
    absl::Status status = errors.ToStatus();
    const auto [first, is_new] = firsts.try_emplace(given.name(), &given);
    if (!is_new && !google::protobuf::util::MessageDifferencer::Equals(*first->second, given)) {
      status = AlreadyExists(given.name(), "is in this request twice, with other content");
    }
    v1::UpsertRecipientsResponse::Result& result = *response.add_results();
    result.set_name(given.name());
    rpc::ToItemStatus(status, *result.mutable_status());
    if (status.ok() && is_new) recipients.push_back(std::move(recipient));
  }
  if (recipients.empty()) return absl::OkStatus();
  LMSMAIL_ASSIGN_OR_RETURN(const Registered registered,
                           recipients_.Upsert(std::move(recipients), {}, call.deadline));
  for (const Recipient& recipient : registered.recipients) {
    *response.add_recipients() = ToProto(recipient);
  }
  response.set_created_count(registered.created_count);
  return absl::OkStatus();
}

absl::Status RecipientHandlers::GetRecipient(const rpc::CallInfo& call,
                                             const v1::GetRecipientRequest& request,
                                             v1::Recipient& response) {
  Violations violations;
  const std::string id = RecipientId(request.name(), "name", violations);
  LMSMAIL_RETURN_IF_ERROR(violations.ToStatus());
  LMSMAIL_ASSIGN_OR_RETURN(const Recipient recipient, recipients_.Get(id, call.deadline));
  response = ToProto(recipient);
  return absl::OkStatus();
}

absl::Status RecipientHandlers::ListRecipients(const rpc::CallInfo& call,
                                               const v1::ListRecipientsRequest& request,
                                               v1::ListRecipientsResponse& response) {
  Violations violations;
  const rpc::Page page(request, {"recipients", request.email_address()}, kPageSizes, violations);
  LMSMAIL_RETURN_IF_ERROR(violations.ToStatus());
  LMSMAIL_ASSIGN_OR_RETURN(std::vector<Recipient> recipients,
                           recipients_.List({.after_id = page.after(),
                                             .email_address = request.email_address(),
                                             .limit = page.limit()},
                                            call.deadline));
  response.set_next_page_token(
      page.TrimToPage(recipients, [](const Recipient& last) { return last.id; }));
  for (const Recipient& recipient : recipients) *response.add_recipients() = ToProto(recipient);
  return absl::OkStatus();
}

absl::Status RecipientHandlers::DeleteRecipient(const rpc::CallInfo& call,
                                                const v1::DeleteRecipientRequest& request,
                                                v1::Erasure& response) {
  Violations violations;
  const std::string id = RecipientId(request.name(), "name", violations);
  LMSMAIL_RETURN_IF_ERROR(violations.ToStatus());
  LMSMAIL_ASSIGN_OR_RETURN(const ErasureJob job,
                           recipients_.Erase(id, request.allow_missing(), call.deadline));
  response = ToProto(job);
  return absl::OkStatus();
}

absl::Status RecipientHandlers::CheckRecipients(const rpc::CallInfo& call,
                                                const v1::CheckRecipientsRequest& request,
                                                v1::CheckRecipientsResponse& response) {
  Violations violations;
  const std::vector<MailToCheck> mails = MailsFromProto(request, violations);
  LMSMAIL_RETURN_IF_ERROR(violations.ToStatus());
  LMSMAIL_ASSIGN_OR_RETURN(std::vector<Verdict> verdicts, check_.Check(mails, call.deadline));
  for (Verdict& verdict : verdicts) *response.add_verdicts() = ToProto(std::move(verdict));
  return absl::OkStatus();
}

absl::Status RecipientHandlers::GetTimeZones(const rpc::CallInfo& call,
                                             const v1::GetTimeZonesRequest& request,
                                             v1::GetTimeZonesResponse& response) {
  Violations violations;
  const std::vector<std::string> ids = RecipientIdsFromProto(request.recipients(), violations);
  LMSMAIL_RETURN_IF_ERROR(violations.ToStatus());
  LMSMAIL_ASSIGN_OR_RETURN(std::vector<std::string> zones, check_.TimeZones(ids, call.deadline));
  for (std::string& zone : zones) response.add_time_zones(std::move(zone));
  return absl::OkStatus();
}

}  // namespace lmsmail::preference
