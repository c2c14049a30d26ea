#pragma once

#include "absl/status/status.h"

#include "libs/rpc/call_info.h"
#include "lmsmail/preference/v1/preference_service.pb.h"
#include "services/preference/domain/recipient_check.h"
#include "services/preference/domain/recipient_registry.h"

namespace lmsmail::preference {

// Handlers of the methods about recipients. Thread-safe.
class RecipientHandlers {
 public:
  RecipientHandlers(RecipientRegistry& recipients, RecipientCheck& check)
      : recipients_(recipients), check_(check) {}

  absl::Status UpsertRecipients(const rpc::CallInfo& call,
                                const v1::UpsertRecipientsRequest& request,
                                v1::UpsertRecipientsResponse& response);
  absl::Status GetRecipient(const rpc::CallInfo& call, const v1::GetRecipientRequest& request,
                            v1::Recipient& response);
  absl::Status ListRecipients(const rpc::CallInfo& call, const v1::ListRecipientsRequest& request,
                              v1::ListRecipientsResponse& response);
  absl::Status DeleteRecipient(const rpc::CallInfo& call, const v1::DeleteRecipientRequest& request,
                               v1::Erasure& response);
  absl::Status CheckRecipients(const rpc::CallInfo& call, const v1::CheckRecipientsRequest& request,
                               v1::CheckRecipientsResponse& response);
  absl::Status GetTimeZones(const rpc::CallInfo& call, const v1::GetTimeZonesRequest& request,
                            v1::GetTimeZonesResponse& response);

 private:
  RecipientRegistry& recipients_;
  RecipientCheck& check_;
};

}  // namespace lmsmail::preference
