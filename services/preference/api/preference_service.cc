#include "services/preference/api/preference_service.h"

namespace lmsmail::preference {

PreferenceService::PreferenceService(rpc::CallRunner& runner, RecipientHandlers& recipients,
                                     ConsentHandlers& consent, LinkHandlers& links,
                                     SuppressionHandlers& suppressions, SchoolHandlers& school,
                                     ErasureHandlers& erasures,
                                     personal_data::ExportHandlers& exports,
                                     audit::AuditHandlers& audit)
    : BoundService(runner) {
  Bind("UpsertRecipients", recipients, &RecipientHandlers::UpsertRecipients);
  Bind("GetRecipient", recipients, &RecipientHandlers::GetRecipient);
  Bind("ListRecipients", recipients, &RecipientHandlers::ListRecipients);
  Bind("DeleteRecipient", recipients, &RecipientHandlers::DeleteRecipient);
  Bind("CheckRecipients", recipients, &RecipientHandlers::CheckRecipients);
  Bind("GetTimeZones", recipients, &RecipientHandlers::GetTimeZones);
  Bind("GetPreferences", consent, &ConsentHandlers::GetPreferences);
  Bind("Unsubscribe", consent, &ConsentHandlers::Unsubscribe);
  Bind("Resubscribe", consent, &ConsentHandlers::Resubscribe);
  Bind("ResolveLink", links, &LinkHandlers::ResolveLink);
  Bind("OneClickUnsubscribe", links, &LinkHandlers::OneClickUnsubscribe);
  Bind("UpdateLink", links, &LinkHandlers::UpdateLink);
  Bind("UndoLinkUpdate", links, &LinkHandlers::UndoLinkUpdate);
  Bind("SetTracking", consent, &ConsentHandlers::SetTracking);
  Bind("CheckTracking", consent, &ConsentHandlers::CheckTracking);
  Bind("EnsurePreferences", consent, &ConsentHandlers::EnsurePreferences);
  Bind("ListConsentEvents", consent, &ConsentHandlers::ListConsentEvents);
  Bind("AddSuppression", suppressions, &SuppressionHandlers::AddSuppression);
  Bind("RemoveSuppression", suppressions, &SuppressionHandlers::RemoveSuppression);
  Bind("ListSuppressions", suppressions, &SuppressionHandlers::ListSuppressions);
  Bind("GetSchool", school, &SchoolHandlers::GetSchool);
  Bind("UpdateSchool", school, &SchoolHandlers::UpdateSchool);
  Bind("GetErasure", erasures, &ErasureHandlers::GetErasure);
  Bind("ListErasures", erasures, &ErasureHandlers::ListErasures);
  Bind("ListPendingErasures", erasures, &ErasureHandlers::ListPendingErasures);
  Bind("AcknowledgeErasure", erasures, &ErasureHandlers::AcknowledgeErasure);
  Bind("ExportRecipient", exports, &personal_data::ExportHandlers::ExportRecipient);
  Bind("ListAuditEvents", audit, &audit::AuditHandlers::ListAuditEvents);
}

}  // namespace lmsmail::preference
