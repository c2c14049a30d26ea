#include "services/template/api/resource_names.h"

namespace lmsmail::templates {
namespace {

constexpr std::string_view kVersions = "/versions/";

std::optional<VersionSelector> ParseVersion(std::string_view text) {
  using Kind = VersionSelector::Kind;
  if (text == "published") return VersionSelector{Kind::kPublished};
  if (text == "latest") return VersionSelector{Kind::kLatest};
  const auto number = resource_name::ParseNumber(text);
  if (!number) return std::nullopt;
  return VersionSelector{Kind::kNumber, *number};
}

}  // namespace

std::optional<ParsedVersionName> ParseVersionName(std::string_view name) {
  const std::size_t at = name.find(kVersions);
  if (at == std::string_view::npos) return std::nullopt;
  const auto id = ParseTemplateName(name.substr(0, at));
  const auto version = ParseVersion(name.substr(at + kVersions.size()));
  if (!id || !version) return std::nullopt;
  return ParsedVersionName{*id, *version};
}

}  // namespace lmsmail::templates
