#include "libs/rpc/page.h"
#include "libs/status/status_macros.h"
#include "services/preference/convert.h"
#include "services/preference/preference_service.h"
#include "services/preference/validation.h"

namespace lmsmail::preference {

absl::Status PreferenceService::HandleUpsertRecipients(const rpc::CallInfo& call,
                                                       const pb::UpsertRecipientsRequest& request,
                                                       pb::UpsertRecipientsResponse& response) {
  Violations violations;
  CheckRequestId(request.request_id(), violations);
  std::vector<Recipient> recipients = RecipientsFromProto(request, violations);
  LMSMAIL_ASSIGN_OR_RETURN(
      const Registered registered,
      domain_.recipients.Upsert(std::move(recipients), std::move(violations), call.deadline));
  for (const Recipient& recipient : registered.recipients) {
    *response.add_recipients() = ToProto(recipient);
  }
  response.set_created_count(registered.created_count);
  return absl::OkStatus();
}

absl::Status PreferenceService::HandleGetRecipient(const rpc::CallInfo& call,
                                                   const pb::GetRecipientRequest& request,
                                                   pb::Recipient& response) {
  Violations violations;
  const std::string id = RecipientIdOf(request.name(), "name", violations);
  LMSMAIL_RETURN_IF_ERROR(violations.ToStatus());
  LMSMAIL_ASSIGN_OR_RETURN(const Recipient recipient, domain_.recipients.Get(id, call.deadline));
  response = ToProto(recipient);
  return absl::OkStatus();
}

absl::Status PreferenceService::HandleListRecipients(const rpc::CallInfo& call,
                                                     const pb::ListRecipientsRequest& request,
                                                     pb::ListRecipientsResponse& response) {
  Violations violations;
  const rpc::Page page(request, {"recipients", request.email_address()}, kPageSizes, violations);
  LMSMAIL_RETURN_IF_ERROR(violations.ToStatus());
  LMSMAIL_ASSIGN_OR_RETURN(std::vector<Recipient> recipients,
                           domain_.recipients.List({.after_id = page.after(),
                                                    .email_address = request.email_address(),
                                                    .limit = page.limit()},
                                                   call.deadline));
  response.set_next_page_token(
      page.TrimToPage(recipients, [](const Recipient& last) { return last.id; }));
  for (const Recipient& recipient : recipients) *response.add_recipients() = ToProto(recipient);
  return absl::OkStatus();
}

absl::Status PreferenceService::HandleDeleteRecipient(const rpc::CallInfo& call,
                                                      const pb::DeleteRecipientRequest& request,
                                                      google::protobuf::Empty&) {
  Violations violations;
  const std::string id = RecipientIdOf(request.name(), "name", violations);
  LMSMAIL_RETURN_IF_ERROR(violations.ToStatus());
  return domain_.recipients.Erase(id, call.deadline);
}

absl::Status PreferenceService::HandleCheckRecipients(const rpc::CallInfo& call,
                                                      const pb::CheckRecipientsRequest& request,
                                                      pb::CheckRecipientsResponse& response) {
  Violations violations;
  const std::vector<MailToCheck> mails = MailsFromProto(request, violations);
  LMSMAIL_RETURN_IF_ERROR(violations.ToStatus());
  LMSMAIL_ASSIGN_OR_RETURN(std::vector<Verdict> verdicts,
                           domain_.check.Check(mails, call.deadline));
  for (Verdict& verdict : verdicts) *response.add_verdicts() = ToProto(std::move(verdict));
  return absl::OkStatus();
}

}  // namespace lmsmail::preference
