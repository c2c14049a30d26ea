#include "libs/personal_data/export_handlers.h"

#include <google/protobuf/util/json_util.h>

#include <string>

#include "libs/resource_name/id.h"
#include "libs/resource_name/name.h"
#include "libs/status/error_details.h"
#include "libs/status/status_macros.h"

namespace lmsmail::personal_data {

absl::Status ExportHandlers::ExportRecipient(const rpc::CallInfo& call,
                                             const type::v1::ExportRecipientRequest& request,
                                             type::v1::ExportRecipientResponse& response) {
  const auto id = resource_name::ParseRecipientName(request.name());
  if (!id) return InvalidField("name", resource_name::kRecipientNameRule);
  LMSMAIL_ASSIGN_OR_RETURN(const std::string json, data_.Export(*id, call.deadline));
  if (!google::protobuf::util::JsonStringToMessage(json, response.mutable_data()).ok()) {
    return absl::InternalError("the stored records are no JSON object");
  }
  return absl::OkStatus();
}

}  // namespace lmsmail::personal_data
