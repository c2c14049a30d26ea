#pragma once

#include <optional>
#include <string>
#include <string_view>

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

// 1 to 63 of a-z, 0-9, '_' and '-', starting with a letter.
bool IsTemplateId(std::string_view id);

std::string TemplateName(std::string_view id);              // "templates/welcome"
std::string VersionName(std::string_view id, int version);  // "templates/welcome/versions/3"

// The id; nullopt for anything else.
std::optional<std::string> ParseTemplateName(std::string_view name);

struct ParsedVersionName {
  std::string id;
  VersionSelector version;
};
// The last segment is a number from 1, "published" or "latest".
std::optional<ParsedVersionName> ParseVersionName(std::string_view name);

}  // namespace lmsmail::templates
