#include "services/template/wording_json.h"

#include <fmt/format.h>
#include <google/protobuf/util/json_util.h>

#include "libs/status/error_details.h"
#include "lmsmail/templates/v1/template_service.pb.h"
#include "services/template/convert.h"

namespace lmsmail::templates {

absl::StatusOr<std::string> WordingToJson(const Wording& wording) {
  v1::TemplateVersion message;
  WordingToProto(wording, message);
  std::string json;
  const auto status = google::protobuf::util::MessageToJsonString(message, &json);
  if (!status.ok()) return absl::InternalError("a wording can't be written as JSON");
  return json;
}

absl::StatusOr<Wording> WordingFromJson(const std::string& json) {
  v1::TemplateVersion message;
  google::protobuf::util::JsonParseOptions options;
  options.ignore_unknown_fields = true;
  if (!google::protobuf::util::JsonStringToMessage(json, &message, options).ok()) {
    return absl::InternalError("a stored wording is not the JSON of a TemplateVersion");
  }
  Violations violations;
  Wording wording = WordingFromProto(message, violations);
  if (!violations.empty()) {
    return absl::InternalError(fmt::format("a stored wording is faulty: {}",
                                           std::string(violations.ToStatus().message())));
  }
  return wording;
}

}  // namespace lmsmail::templates
