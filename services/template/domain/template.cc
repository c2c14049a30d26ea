#include "services/template/domain/template.h"

#include <fmt/format.h>

#include <utility>

#include "libs/etag/etag.h"
#include "libs/hash/sha256.h"

namespace lmsmail::templates {
namespace {

// Writes the length before each text, so that different content never gives the same bytes.
void Append(std::string_view text, std::string& out) {
  fmt::format_to(std::back_inserter(out), "{}:{}", text.size(), text);
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
  return hash::Sha256Hex(bytes);
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
  return etag::Make(fmt::format("{}/{}", state.id, state.revision));
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
