#pragma once

#include "libs/rpc/call_info.h"
#include "libs/rpc/call_runner.h"
#include "libs/rpc/page_token.h"
#include "lmsmail/preference/v1/preference_service.grpc.pb.h"
#include "services/preference/consent_registry.h"
#include "services/preference/links.h"
#include "services/preference/recipient_check.h"
#include "services/preference/recipient_registry.h"
#include "services/preference/suppression_list.h"

namespace lmsmail::preference {

// Of every list.
inline constexpr rpc::PageSizes kPageSizes = {.default_size = 100, .max_size = 1000};

// The protocol, on top of the domain. The handlers of each subject have their own file:
// recipient_handlers.cc, consent_handlers.cc, suppression_handlers.cc.
class PreferenceService final : public v1::PreferenceService::CallbackService {
 public:
  struct Domain {
    RecipientRegistry& recipients;
    ConsentRegistry& consent;
    SuppressionList& suppressions;
    RecipientCheck& check;
    const Links& links;
  };

  // `runner` and the domain must outlive it.
  PreferenceService(rpc::CallRunner& runner, Domain domain) : runner_(runner), domain_(domain) {}

#define LMSMAIL_PREFERENCE_METHOD(Method, Request, Response)                                     \
  grpc::ServerUnaryReactor* Method(grpc::CallbackServerContext* context, const Request* request, \
                                   Response* response) override {                                \
    return runner_.Run(context, "lmsmail.preference.v1.PreferenceService/" #Method,              \
                       [this, request, response](const rpc::CallInfo& call) {                    \
                         return Handle##Method(call, *request, *response);                       \
                       });                                                                       \
  }                                                                                              \
  absl::Status Handle##Method(const rpc::CallInfo& call, const Request& request,                 \
                              Response& response);

  LMSMAIL_PREFERENCE_METHOD(UpsertRecipients, v1::UpsertRecipientsRequest,
                            v1::UpsertRecipientsResponse)
  LMSMAIL_PREFERENCE_METHOD(GetRecipient, v1::GetRecipientRequest, v1::Recipient)
  LMSMAIL_PREFERENCE_METHOD(ListRecipients, v1::ListRecipientsRequest, v1::ListRecipientsResponse)
  LMSMAIL_PREFERENCE_METHOD(DeleteRecipient, v1::DeleteRecipientRequest, google::protobuf::Empty)
  LMSMAIL_PREFERENCE_METHOD(GetPreferences, v1::GetPreferencesRequest, v1::Preferences)
  LMSMAIL_PREFERENCE_METHOD(Unsubscribe, v1::UnsubscribeRequest, v1::Preferences)
  LMSMAIL_PREFERENCE_METHOD(Resubscribe, v1::ResubscribeRequest, v1::Preferences)
  LMSMAIL_PREFERENCE_METHOD(EnsurePreferences, v1::EnsurePreferencesRequest,
                            v1::EnsurePreferencesResponse)
  LMSMAIL_PREFERENCE_METHOD(CheckRecipients, v1::CheckRecipientsRequest,
                            v1::CheckRecipientsResponse)
  LMSMAIL_PREFERENCE_METHOD(AddSuppression, v1::AddSuppressionRequest, v1::Suppression)
  LMSMAIL_PREFERENCE_METHOD(RemoveSuppression, v1::RemoveSuppressionRequest,
                            google::protobuf::Empty)
  LMSMAIL_PREFERENCE_METHOD(ListSuppressions, v1::ListSuppressionsRequest,
                            v1::ListSuppressionsResponse)
  LMSMAIL_PREFERENCE_METHOD(ListConsentEvents, v1::ListConsentEventsRequest,
                            v1::ListConsentEventsResponse)

#undef LMSMAIL_PREFERENCE_METHOD

 private:
  rpc::CallRunner& runner_;
  const Domain domain_;
};

}  // namespace lmsmail::preference
