#pragma once

#include "absl/status/status.h"

#include "libs/rpc/call_info.h"
#include "lmsmail/preference/v1/preference_service.pb.h"
#include "services/preference/domain/school_registry.h"

namespace lmsmail::preference {

// Handlers of the methods about the school. Thread-safe.
class SchoolHandlers {
 public:
  explicit SchoolHandlers(SchoolRegistry& school) : school_(school) {}

  absl::Status GetSchool(const rpc::CallInfo& call, const v1::GetSchoolRequest& request,
                         v1::School& response);
  absl::Status UpdateSchool(const rpc::CallInfo& call, const v1::UpdateSchoolRequest& request,
                            v1::School& response);

 private:
  SchoolRegistry& school_;
};

}  // namespace lmsmail::preference
