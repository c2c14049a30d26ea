#pragma once

#include "absl/status/status.h"

#include "libs/rpc/call_info.h"
#include "lmsmail/preference/v1/preference_service.pb.h"
#include "services/preference/domain/consent_registry.h"

namespace lmsmail::preference {

// Handlers of the methods about consent. Thread-safe.
class ConsentHandlers {
 public:
  explicit ConsentHandlers(ConsentRegistry& consent) : consent_(consent) {}

  absl::Status GetPreferences(const rpc::CallInfo& call, const v1::GetPreferencesRequest& request,
                              v1::Preferences& response);
  absl::Status Unsubscribe(const rpc::CallInfo& call, const v1::UnsubscribeRequest& request,
                           v1::Preferences& response);
  absl::Status Resubscribe(const rpc::CallInfo& call, const v1::ResubscribeRequest& request,
                           v1::Preferences& response);
  absl::Status SetTracking(const rpc::CallInfo& call, const v1::SetTrackingRequest& request,
                           v1::Preferences& response);
  absl::Status CheckTracking(const rpc::CallInfo& call, const v1::CheckTrackingRequest& request,
                             v1::CheckTrackingResponse& response);
  absl::Status EnsurePreferences(const rpc::CallInfo& call,
                                 const v1::EnsurePreferencesRequest& request,
                                 v1::EnsurePreferencesResponse& response);
  absl::Status ListConsentEvents(const rpc::CallInfo& call,
                                 const v1::ListConsentEventsRequest& request,
                                 v1::ListConsentEventsResponse& response);

 private:
  ConsentRegistry& consent_;
};

}  // namespace lmsmail::preference
