#include "services/template/domain/built_in_template.h"

#include <fmt/format.h>
#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <map>
#include <set>
#include <stdexcept>
#include <utility>

#include "embedded/lmsmail_template_built_in.h"

#include "libs/status/status_macros.h"
#include "services/template/domain/declarations.h"

namespace lmsmail::templates {
namespace {

using Files = std::map<std::string_view, std::string_view>;

constexpr std::string_view kDescription = "/template.yaml";
constexpr std::string_view kFallbackLanguage = "en";

// yaml-cpp reports errors by exceptions; this one is caught together with them.
struct InvalidYaml : std::runtime_error {
  using std::runtime_error::runtime_error;
};

Category ReadCategory(const std::string& name) {
  if (const auto category = CategoryNamed(name)) return *category;
  throw InvalidYaml(fmt::format("unknown category: {}", name));
}

render::VariableType ReadType(const std::string& name) {
  if (const auto type = ParseVariableType(name)) return *type;
  throw InvalidYaml(fmt::format("unknown type: {}", name));
}

std::vector<render::Variable> ReadVariables(const YAML::Node& nodes) {
  std::vector<render::Variable> out;
  for (const YAML::Node& node : nodes) {
    out.push_back({.name = node["name"].as<std::string>(),
                   .type = ReadType(node["type"].as<std::string>()),
                   .required = node["required"].as<bool>(),
                   .description = node["description"].as<std::string>(),
                   .sample = node["sample"].as<std::string>(""),
                   .fields = ReadVariables(node["fields"])});
  }
  return out;
}

absl::StatusOr<std::string> Read(const Files& files, const std::string& path) {
  const auto file = files.find(path);
  if (file == files.end()) return absl::InternalError(fmt::format("{} is missing", path));
  return std::string(file->second);
}

absl::StatusOr<LocalizedContent> ReadLanguage(const Files& files, const std::string& id,
                                              const std::string& language) {
  const std::string folder = fmt::format("{}/{}/", id, language);
  LocalizedContent localized{.language_code = language, .subject = "", .html = "", .text = ""};
  LMSMAIL_ASSIGN_OR_RETURN(localized.subject, Read(files, folder + "subject.txt"));
  if (localized.subject.ends_with('\n')) localized.subject.pop_back();
  LMSMAIL_ASSIGN_OR_RETURN(localized.html, Read(files, folder + "body.html"));
  LMSMAIL_ASSIGN_OR_RETURN(localized.text, Read(files, folder + "body.txt"));
  return localized;
}

std::vector<std::string> LanguagesOf(const Files& files, const std::string& id) {
  std::set<std::string> found;
  for (const auto& [path, localized] : files) {
    if (!path.starts_with(id + "/")) continue;
    const std::string_view rest = path.substr(id.size() + 1);
    if (const auto slash = rest.find('/'); slash != std::string_view::npos) {
      found.emplace(rest.substr(0, slash));
    }
  }
  std::vector<std::string> languages(found.begin(), found.end());
  std::ranges::stable_partition(languages, [](const auto& l) { return l == kFallbackLanguage; });
  return languages;
}

absl::StatusOr<NewTemplate> ReadDescription(const std::string& id, const std::string& yaml) {
  try {
    const YAML::Node node = YAML::Load(yaml);
    if (node["key"].as<std::string>() != id)
      throw InvalidYaml("key differs from the name of the folder");
    return NewTemplate{.id = id,
                       .category = ReadCategory(node["category"].as<std::string>()),
                       .display_name = node["display_name"].as<std::string>(),
                       .description = node["description"].as<std::string>(),
                       .content = {.languages = {},
                                   .variables = FromRender(ReadVariables(node["variables"])),
                                   .unescaped_variables = {}}};
  } catch (const std::runtime_error& error) {  // includes YAML::Exception
    return absl::InternalError(fmt::format("{}{}: {}", id, kDescription, error.what()));
  }
}

}  // namespace

absl::StatusOr<std::vector<NewTemplate>> ReadBuiltInTemplates(
    absl::Span<const EmbeddedFile> embedded) {
  Files files;
  for (const EmbeddedFile& file : embedded) files.emplace(file.path, file.content);
  std::vector<NewTemplate> out;
  for (const auto& [path, yaml] : files) {
    if (!path.ends_with(kDescription)) continue;
    const std::string id(path.substr(0, path.size() - kDescription.size()));
    LMSMAIL_ASSIGN_OR_RETURN(NewTemplate built_in, ReadDescription(id, std::string(yaml)));
    for (const std::string& language : LanguagesOf(files, id)) {
      LMSMAIL_ASSIGN_OR_RETURN(LocalizedContent localized, ReadLanguage(files, id, language));
      built_in.content.languages.push_back(std::move(localized));
    }
    out.push_back(std::move(built_in));
  }
  return out;
}

absl::StatusOr<std::vector<NewTemplate>> BuiltInTemplates() {
  return ReadBuiltInTemplates(kBuiltInFiles);
}

}  // namespace lmsmail::templates
