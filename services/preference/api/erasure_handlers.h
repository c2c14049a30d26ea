#pragma once

#include "absl/status/status.h"

#include "libs/clock/clock.h"
#include "libs/rpc/call_info.h"
#include "lmsmail/preference/v1/preference_service.pb.h"
#include "services/preference/storage/preference_store.h"

namespace lmsmail::preference {

// Handlers of the methods about erasures that were started. Thread-safe.
class ErasureHandlers {
 public:
  ErasureHandlers(PreferenceStore& store, const Clock& clock) : store_(store), clock_(clock) {}

  absl::Status GetErasure(const rpc::CallInfo& call, const v1::GetErasureRequest& request,
                          v1::Erasure& response);
  absl::Status ListErasures(const rpc::CallInfo& call, const v1::ListErasuresRequest& request,
                            v1::ListErasuresResponse& response);
  absl::Status ListPendingErasures(const rpc::CallInfo& call,
                                   const v1::ListPendingErasuresRequest& request,
                                   v1::ListPendingErasuresResponse& response);
  absl::Status AcknowledgeErasure(const rpc::CallInfo& call,
                                  const v1::AcknowledgeErasureRequest& request,
                                  google::protobuf::Empty& response);

 private:
  PreferenceStore& store_;
  const Clock& clock_;
};

}  // namespace lmsmail::preference
