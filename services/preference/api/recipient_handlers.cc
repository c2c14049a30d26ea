#include "services/preference/api/recipient_handlers.h"

#include "libs/rpc/page.h"
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
  std::vector<Recipient> recipients = RecipientsFromProto(request, violations);
  LMSMAIL_ASSIGN_OR_RETURN(
      const Registered registered,
      recipients_.Upsert(std::move(recipients), std::move(violations), call.deadline));
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

}  // namespace lmsmail::preference
