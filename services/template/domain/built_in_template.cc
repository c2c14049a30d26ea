#include "services/template/domain/built_in_template.h"

#include <fmt/format.h>
#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <iterator>
#include <map>
#include <stdexcept>
#include <utility>

#include "embedded/lmsmail_template_built_in.h"

#include "libs/render/declarations.h"
#include "libs/status/status_macros.h"
#include "services/template/domain/built_in_texts.h"
#include "services/template/domain/declarations.h"

namespace lmsmail::templates {
namespace {

using Files = std::map<std::string_view, std::string_view>;

constexpr std::string_view kDescription = "/template.yaml";

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
                   .required = node["required"].as<bool>(false),
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

absl::StatusOr<LocalizedContent> ReadLanguage(const Files& files, const BuiltInTexts& texts,
                                              const std::string& id, const std::string& language) {
  const Layout html{texts, files, id, language, TextUse::kHtml};
  const Layout text{texts, files, id, language, TextUse::kPlain};
  LocalizedContent localized{.language_code = language, .subject = "", .html = "", .text = ""};
  LMSMAIL_ASSIGN_OR_RETURN(localized.subject, text.Fill("[[subject]]"));
  LMSMAIL_ASSIGN_OR_RETURN(const std::string html_layout, Read(files, id + "/body.html"));
  LMSMAIL_ASSIGN_OR_RETURN(localized.html, html.Fill(html_layout));
  LMSMAIL_ASSIGN_OR_RETURN(const std::string text_layout, Read(files, id + "/body.txt"));
  LMSMAIL_ASSIGN_OR_RETURN(localized.text, text.Fill(text_layout));
  return localized;
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
  LMSMAIL_ASSIGN_OR_RETURN(const std::string yaml_of_texts, Read(files, "texts.yaml"));
  LMSMAIL_ASSIGN_OR_RETURN(const BuiltInTexts texts, BuiltInTexts::Parse(yaml_of_texts));
  std::vector<NewTemplate> out;
  for (const auto& [path, yaml] : files) {
    if (!path.ends_with(kDescription)) continue;
    const std::string id(path.substr(0, path.size() - kDescription.size()));
    LMSMAIL_ASSIGN_OR_RETURN(NewTemplate built_in, ReadDescription(id, std::string(yaml)));
    for (const std::string& language : texts.languages()) {
      LMSMAIL_ASSIGN_OR_RETURN(LocalizedContent localized,
                               ReadLanguage(files, texts, id, language));
      built_in.content.languages.push_back(std::move(localized));
    }
    out.push_back(std::move(built_in));
  }
  return out;
}

absl::StatusOr<std::vector<NewTemplate>> BuiltInTemplates() {
  return ReadBuiltInTemplates(kBuiltInFiles);
}

absl::StatusOr<std::vector<SuppliedVariables>> ReadSuppliedVariables() {
  constexpr std::string_view kFile = "variables.yaml";
  constexpr std::string_view kEveryMail = "every_mail";
  const auto* const file = std::ranges::find(kBuiltInFiles, kFile, &EmbeddedFile::path);
  if (file == std::end(kBuiltInFiles)) {
    return absl::InternalError(fmt::format("{} is missing", kFile));
  }
  std::vector<SuppliedVariables> out;
  try {
    for (const auto& source : YAML::Load(std::string(file->content))) {
      const std::string event = source.first.as<std::string>();
      out.push_back({event == kEveryMail ? "" : event,
                     FromRender(render::NestFields(ReadVariables(source.second)))});
    }
  } catch (const std::runtime_error& error) {  // includes YAML::Exception
    return absl::InternalError(fmt::format("{}: {}", kFile, error.what()));
  }
  std::ranges::sort(out, {}, &SuppliedVariables::event);
  return out;
}

}  // namespace lmsmail::templates
