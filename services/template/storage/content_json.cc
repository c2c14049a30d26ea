#include "services/template/storage/content_json.h"

#include <fmt/format.h>
#include <google/protobuf/util/json_util.h>

#include "libs/status/fault.h"
#include "lmsmail/templates/v1/template_service.pb.h"
#include "services/template/api/convert.h"

namespace lmsmail::templates {

absl::StatusOr<std::string> ContentToJson(const TemplateContent& content) {
  v1::TemplateVersion message;
  ContentToProto(content, message);
  std::string json;
  const auto status = google::protobuf::util::MessageToJsonString(message, &json);
  if (!status.ok()) return absl::InternalError("a content can't be written as JSON");
  return json;
}

absl::StatusOr<TemplateContent> ContentFromJson(const std::string& json) {
  v1::TemplateVersion message;
  google::protobuf::util::JsonParseOptions options;
  options.ignore_unknown_fields = true;
  if (!google::protobuf::util::JsonStringToMessage(json, &message, options).ok()) {
    return absl::InternalError("a stored content is not the JSON of a TemplateVersion");
  }
  Violations violations;
  TemplateContent content = ContentFromProto(message, violations);
  if (!violations.empty()) {
    return absl::InternalError(fmt::format("a stored content is faulty: {}",
                                           std::string(violations.ToStatus().message())));
  }
  return content;
}

}  // namespace lmsmail::templates
