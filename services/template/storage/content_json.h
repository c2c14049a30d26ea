#pragma once

#include <string>

#include "absl/status/statusor.h"

#include "services/template/domain/template.h"

namespace lmsmail::templates {

// How a content is stored: the JSON form of lmsmail.templates.v1.TemplateVersion, which an engineer
// can read and query in psql and which later releases of the protocol still understand.
absl::StatusOr<std::string> ContentToJson(const TemplateContent& content);
// INTERNAL when it is not such JSON.
absl::StatusOr<TemplateContent> ContentFromJson(const std::string& json);

}  // namespace lmsmail::templates
