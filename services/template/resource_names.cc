#include "services/template/resource_names.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

namespace lmsmail::templates {
namespace {

constexpr std::string_view kCollection = "templates/";
constexpr std::string_view kVersions = "/versions/";
constexpr std::size_t kMaxId = 63;

bool IsLower(char c) { return c >= 'a' && c <= 'z'; }
bool IsDigit(char c) { return c >= '0' && c <= '9'; }

std::optional<VersionSelector> ParseVersion(std::string_view text) {
  using Kind = VersionSelector::Kind;
  if (text == "published") return VersionSelector{Kind::kPublished};
  if (text == "latest") return VersionSelector{Kind::kLatest};
  int number = 0;
  if (text.empty() || !IsDigit(text.front()) || text.front() == '0') return std::nullopt;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return VersionSelector{Kind::kNumber, number};
}

}  // namespace

bool IsTemplateId(std::string_view id) {
  return !id.empty() && id.size() <= kMaxId && IsLower(id.front()) &&
         std::ranges::all_of(
             id, [](char c) { return IsLower(c) || IsDigit(c) || c == '_' || c == '-'; });
}

std::string TemplateName(std::string_view id) { return fmt::format("{}{}", kCollection, id); }

std::string VersionName(std::string_view id, int version) {
  return fmt::format("{}{}{}{}", kCollection, id, kVersions, version);
}

std::optional<std::string> ParseTemplateName(std::string_view name) {
  if (!name.starts_with(kCollection)) return std::nullopt;
  name.remove_prefix(kCollection.size());
  if (!IsTemplateId(name)) return std::nullopt;
  return std::string(name);
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
