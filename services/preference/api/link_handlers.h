#pragma once

#include "absl/status/status.h"

#include "libs/rpc/call_info.h"
#include "lmsmail/preference/v1/preference_service.pb.h"
#include "services/preference/domain/linked_consent.h"

namespace lmsmail::preference {

// Handlers of the methods for whoever holds a link of a mail. Thread-safe.
class LinkHandlers {
 public:
  explicit LinkHandlers(LinkedConsent& consent) : consent_(consent) {}

  absl::Status ResolveLink(const rpc::CallInfo& call, const v1::ResolveLinkRequest& request,
                           v1::Link& response);
  absl::Status OneClickUnsubscribe(const rpc::CallInfo& call,
                                   const v1::OneClickUnsubscribeRequest& request,
                                   v1::Link& response);
  absl::Status UpdateLink(const rpc::CallInfo& call, const v1::UpdateLinkRequest& request,
                          v1::Link& response);
  absl::Status UndoLinkUpdate(const rpc::CallInfo& call, const v1::UndoLinkUpdateRequest& request,
                              v1::Link& response);

 private:
  LinkedConsent& consent_;
};

}  // namespace lmsmail::preference
