#include "services/template/domain/template.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "absl/strings/match.h"

#include "libs/rpc/etag.h"
#include "libs/strings/view.h"
#include "libs/token/hash.h"

namespace lmsmail::templates {
namespace {

// Writes the length before each text, so that different content never gives the same bytes.
void Append(std::string_view text, std::string& out) {
  fmt::format_to(std::back_inserter(out), "{}:{}", text.size(), text);
}

std::string_view PrimarySubtag(std::string_view language_code) {
  return language_code.substr(0, language_code.find('-'));
}

bool SameLanguage(std::string_view a, std::string_view b) {
  return absl::EqualsIgnoreCase(ToAbsl(a), ToAbsl(b));
}

}  // namespace

std::string DigestOf(const TemplateContent& content) {
  std::string bytes;
  fmt::format_to(std::back_inserter(bytes), "{};", content.languages.size());
  for (const LocalizedContent& localized : content.languages) {
    for (const auto* part :
         {&localized.language_code, &localized.subject, &localized.html, &localized.text}) {
      Append(*part, bytes);
    }
  }
  fmt::format_to(std::back_inserter(bytes), "{};", content.variables.size());
  for (const Variable& variable : content.variables) {
    Append(variable.name, bytes);
    Append(render::VariableTypeName(variable.type), bytes);
    Append(variable.required ? "required" : "optional", bytes);
    Append(variable.description, bytes);
    Append(variable.sample, bytes);
  }
  for (const std::string& name : content.unescaped_variables) Append(name, bytes);
  return token::Sha256Hex(bytes);
}

const LocalizedContent& PickLanguage(const std::vector<LocalizedContent>& languages,
                                     std::string_view language_code) {
  const auto find = [&](auto&& matches) -> const LocalizedContent* {
    const auto it = std::ranges::find_if(languages, matches, &LocalizedContent::language_code);
    return it == languages.end() ? nullptr : &*it;
  };
  const std::string_view primary = PrimarySubtag(language_code);
  const auto* same = find([&](const auto& code) { return SameLanguage(code, language_code); });
  if (same != nullptr) return *same;
  const auto* general = find([&](const auto& code) { return SameLanguage(code, primary); });
  if (general != nullptr) return *general;
  const auto* sibling =
      find([&](const auto& code) { return SameLanguage(PrimarySubtag(code), primary); });
  return sibling != nullptr ? *sibling : languages.front();
}

Version MakeVersion(int number, TemplateContent content, bool built_in, absl::Time now) {
  std::string digest = DigestOf(content);
  return {.number = number,
          .content = std::move(content),
          .digest = std::move(digest),
          .built_in = built_in,
          .create_time = now};
}

std::string EtagOf(const Template& state) {
  return rpc::EtagOf(fmt::format("{}/{}", state.id, state.revision));
}

Change MakeTemplate(const NewTemplate& created, bool built_in, absl::Time now) {
  return {.state = {.id = created.id,
                    .category = created.category,
                    .display_name = created.display_name,
                    .description = created.description,
                    .latest_version = 1,
                    .create_time = now,
                    .update_time = now,
                    .delete_time = std::nullopt},
          .version = MakeVersion(1, created.content, built_in, now)};
}

Change NextRevision(const Template& state, absl::Time now) {
  Change change{.state = state};
  ++change.state.revision;
  change.state.update_time = now;
  return change;
}

void Publish(const Version& version, int previous, absl::Time now, Change& change) {
  Template& state = change.state;
  ++state.publication;
  state.published_version = version.number;
  state.built_in = version.built_in;
  change.publication = Publication{.number = state.publication,
                                   .version = version.number,
                                   .previous = previous,
                                   .publish_time = now};
}

}  // namespace lmsmail::templates
