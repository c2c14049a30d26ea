#include "libs/personal_data/export_handlers.h"

#include <google/protobuf/util/json_util.h>

#include <memory>

#include "absl/strings/escaping.h"

#include "libs/address/email_address.h"
#include "libs/resource_name/id.h"
#include "libs/resource_name/name.h"
#include "libs/status/error_details.h"
#include "libs/status/status_macros.h"
#include "libs/strings/view.h"

namespace lmsmail::personal_data {
namespace {

using google::protobuf::util::JsonStringToMessage;
using google::protobuf::util::MessageToJsonString;

// Leaves a value that is not such a message as it is.
void Decode(const google::protobuf::Message& prototype, google::protobuf::Value& value) {
  std::string bytes;
  const std::unique_ptr<google::protobuf::Message> message(prototype.New());
  if (!absl::Base64Unescape(ToAbsl(value.string_value()), &bytes) ||
      !message->ParseFromString(bytes)) {
    return;
  }
  std::string json;
  google::protobuf::Value decoded;
  if (MessageToJsonString(*message, &json).ok() && JsonStringToMessage(json, &decoded).ok()) {
    value = std::move(decoded);
  }
}

void Decode(const ExportHandlers::Serialized& serialized, google::protobuf::Struct& data) {
  const auto list = data.mutable_fields()->find(serialized.list);
  if (list == data.mutable_fields()->end()) return;
  for (google::protobuf::Value& record : *list->second.mutable_list_value()->mutable_values()) {
    auto& fields = *record.mutable_struct_value()->mutable_fields();
    const auto field = fields.find(serialized.field);
    if (field != fields.end() && field->second.has_string_value()) {
      Decode(serialized.prototype, field->second);
    }
  }
}

}  // namespace

absl::Status ExportHandlers::ExportRecipient(const rpc::CallInfo& call,
                                             const type::v1::ExportRecipientRequest& request,
                                             type::v1::ExportRecipientResponse& response) {
  Violations violations;
  const auto id = resource_name::ParseRecipientName(request.name());
  if (!id) violations.Add("name", resource_name::kRecipientNameRule);
  std::string address;
  if (!request.email_address().empty()) {
    const auto parsed = address::ParseEmailAddress(request.email_address());
    if (parsed.ok()) {
      address = parsed->ToString();
    } else {
      violations.Add("email_address", std::string(ToStd(parsed.status().message())));
    }
  }
  LMSMAIL_RETURN_IF_ERROR(violations.ToStatus());
  LMSMAIL_ASSIGN_OR_RETURN(const std::string json, data_.Export(*id, address, call.deadline));
  if (!JsonStringToMessage(json, response.mutable_data()).ok()) {
    return absl::InternalError("the stored records are no JSON object");
  }
  for (const Serialized& each : serialized_) Decode(each, *response.mutable_data());
  return absl::OkStatus();
}

}  // namespace lmsmail::personal_data
