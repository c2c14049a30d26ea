#pragma once

#include "absl/status/status.h"

#include "libs/personal_data/erasure.h"
#include "libs/rpc/call_info.h"
#include "lmsmail/type/v1/export.pb.h"

namespace lmsmail::personal_data {

// Handles ExportRecipient. Thread-safe.
class ExportHandlers {
 public:
  // `data` must outlive this.
  explicit ExportHandlers(PersonalData& data) : data_(data) {}

  absl::Status ExportRecipient(const rpc::CallInfo& call,
                               const type::v1::ExportRecipientRequest& request,
                               type::v1::ExportRecipientResponse& response);

 private:
  PersonalData& data_;
};

}  // namespace lmsmail::personal_data
