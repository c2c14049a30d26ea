#pragma once

#include "absl/status/status.h"

#include "libs/rpc/call_info.h"
#include "lmsmail/preference/v1/preference_service.pb.h"
#include "services/preference/domain/suppression_list.h"

namespace lmsmail::preference {

// Handlers of the methods about the suppression list. Thread-safe.
class SuppressionHandlers {
 public:
  explicit SuppressionHandlers(SuppressionList& suppressions) : suppressions_(suppressions) {}

  absl::Status AddSuppression(const rpc::CallInfo& call, const v1::AddSuppressionRequest& request,
                              v1::Suppression& response);
  absl::Status RemoveSuppression(const rpc::CallInfo& call,
                                 const v1::RemoveSuppressionRequest& request,
                                 google::protobuf::Empty& response);
  absl::Status ListSuppressions(const rpc::CallInfo& call,
                                const v1::ListSuppressionsRequest& request,
                                v1::ListSuppressionsResponse& response);

 private:
  SuppressionList& suppressions_;
};

}  // namespace lmsmail::preference
