#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"

#include "libs/resource_name/id.h"
#include "libs/resource_name/name.h"
#include "libs/status/error_details.h"
#include "services/template/domain/template.h"

namespace lmsmail::templates {

using resource_name::IsTemplateId;
using resource_name::ParseTemplateName;
using resource_name::TemplateName;
using resource_name::TemplateVersionName;

// The id in the template name `name`. Adds a violation of `field` and returns "" when `name` is no
// template name.
std::string TemplateId(std::string_view name, std::string_view field, Violations& violations);
// INVALID_ARGUMENT of the field "name" when `name` is no template name.
absl::StatusOr<std::string> TemplateId(std::string_view name);

struct ParsedVersionName {
  std::string id;
  VersionSelector version;
};

// Parses templates/{template}/versions/{version}; the version is a number from 1, "published" or
// "latest".
std::optional<ParsedVersionName> ParseVersionName(std::string_view name);

}  // namespace lmsmail::templates
