#include "services/preference/api/link_handlers.h"

#include "libs/status/error_details.h"
#include "libs/status/status_macros.h"
#include "services/preference/api/convert.h"
#include "services/preference/domain/request_validation.h"

namespace lmsmail::preference {

absl::Status LinkHandlers::ResolveLink(const rpc::CallInfo& call,
                                       const v1::ResolveLinkRequest& request, v1::Link& response) {
  LMSMAIL_ASSIGN_OR_RETURN(const LinkState state, consent_.Resolve(request.token(), call.deadline));
  response = ToProto(state);
  return absl::OkStatus();
}

absl::Status LinkHandlers::OneClickUnsubscribe(const rpc::CallInfo& call,
                                               const v1::OneClickUnsubscribeRequest& request,
                                               v1::Link& response) {
  LMSMAIL_ASSIGN_OR_RETURN(const LinkState state,
                           consent_.OneClickUnsubscribe(request.token(), call.deadline));
  response = ToProto(state);
  return absl::OkStatus();
}

absl::Status LinkHandlers::UpdateLink(const rpc::CallInfo& call,
                                      const v1::UpdateLinkRequest& request, v1::Link& response) {
  Violations violations;
  const LinkUpdate update = LinkUpdateFromProto(request, violations);
  LMSMAIL_RETURN_IF_ERROR(violations.ToStatus());
  LMSMAIL_ASSIGN_OR_RETURN(const LinkState state,
                           consent_.Update(request.token(), update, call.deadline));
  response = ToProto(state);
  return absl::OkStatus();
}

absl::Status LinkHandlers::UndoLinkUpdate(const rpc::CallInfo& call,
                                          const v1::UndoLinkUpdateRequest& request,
                                          v1::Link& response) {
  Violations violations;
  ValidateConsentText(request.consent_text(), "consent_text", violations);
  LMSMAIL_RETURN_IF_ERROR(violations.ToStatus());
  LMSMAIL_ASSIGN_OR_RETURN(
      const LinkState state,
      consent_.Undo(request.token(), request.undo_token(), request.consent_text(), call.deadline));
  response = ToProto(state);
  return absl::OkStatus();
}

}  // namespace lmsmail::preference
