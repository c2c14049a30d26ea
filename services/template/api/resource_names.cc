#include "services/template/api/resource_names.h"

#include <utility>

namespace lmsmail::templates {
namespace {

constexpr char kTemplateNameRule[] = "must be templates/{template}, such as templates/welcome";
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

std::string TemplateId(std::string_view name, std::string_view field, Violations& violations) {
  if (auto id = ParseTemplateName(name)) return *std::move(id);
  violations.Add(std::string(field), kTemplateNameRule);
  return "";
}

absl::StatusOr<std::string> TemplateId(std::string_view name) {
  if (auto id = ParseTemplateName(name)) return *std::move(id);
  return InvalidField("name", kTemplateNameRule);
}

std::optional<ParsedVersionName> ParseVersionName(std::string_view name) {
  const std::size_t at = name.find(kVersions);
  if (at == std::string_view::npos) return std::nullopt;
  const auto id = ParseTemplateName(name.substr(0, at));
  const auto version = ParseVersion(name.substr(at + kVersions.size()));
  if (!id || !version) return std::nullopt;
  return ParsedVersionName{*id, *version};
}

}  // namespace lmsmail::templates
