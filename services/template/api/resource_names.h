#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "libs/resource_name/id.h"
#include "libs/resource_name/name.h"

namespace lmsmail::templates {

// Which version of a template.
struct VersionSelector {
  enum class Kind {
    kNumber,
    kPublished,
    kLatest,
    kShown,  // the published one, or the latest when none is
  };
  Kind kind = Kind::kShown;
  int number = 0;  // for kNumber

  bool operator==(const VersionSelector&) const = default;
};

using resource_name::IsTemplateId;
using resource_name::ParseTemplateName;
using resource_name::TemplateName;
using resource_name::TemplateVersionName;

struct ParsedVersionName {
  std::string id;
  VersionSelector version;
};
// The last segment is a number from 1, "published" or "latest".
std::optional<ParsedVersionName> ParseVersionName(std::string_view name);

}  // namespace lmsmail::templates
