#pragma once

#include <string>

#include "absl/status/statusor.h"

#include "services/template/domain/template.h"

namespace lmsmail::templates {

// The stored form of content: JSON with the field names of lmsmail.templates.v1.TemplateVersion,
// which an engineer can read and query in psql.
absl::StatusOr<std::string> ContentToJson(const TemplateContent& content);
// INTERNAL when `json` was not made by ContentToJson. Ignores unknown fields, so that a release can
// read what a newer one stored.
absl::StatusOr<TemplateContent> ContentFromJson(const std::string& json);

}  // namespace lmsmail::templates
