#include "services/template/template.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "absl/strings/match.h"

#include "libs/rpc/etag.h"
#include "libs/strings/view.h"
#include "libs/token/hash.h"

namespace lmsmail::templates {
namespace {

// Each text follows its length, so that no two wordings are written alike.
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

std::string DigestOf(const Wording& wording) {
  std::string bytes;
  fmt::format_to(std::back_inserter(bytes), "{};", wording.contents.size());
  for (const LocalizedContent& content : wording.contents) {
    for (const auto* part :
         {&content.language_code, &content.subject, &content.html, &content.text}) {
      Append(*part, bytes);
    }
  }
  fmt::format_to(std::back_inserter(bytes), "{};", wording.variables.size());
  for (const Variable& variable : wording.variables) {
    Append(variable.name, bytes);
    Append(render::VariableTypeName(variable.type), bytes);
    Append(variable.required ? "required" : "optional", bytes);
    Append(variable.description, bytes);
    Append(variable.sample, bytes);
  }
  for (const std::string& name : wording.unescaped_variables) Append(name, bytes);
  return token::Sha256Hex(bytes);
}

const LocalizedContent& PickLanguage(const std::vector<LocalizedContent>& contents,
                                     std::string_view language_code) {
  const auto find = [&](auto&& matches) -> const LocalizedContent* {
    const auto it = std::ranges::find_if(contents, matches, &LocalizedContent::language_code);
    return it == contents.end() ? nullptr : &*it;
  };
  const std::string_view primary = PrimarySubtag(language_code);
  const auto* same = find([&](const auto& code) { return SameLanguage(code, language_code); });
  if (same != nullptr) return *same;
  const auto* general = find([&](const auto& code) { return SameLanguage(code, primary); });
  if (general != nullptr) return *general;
  const auto* sibling =
      find([&](const auto& code) { return SameLanguage(PrimarySubtag(code), primary); });
  return sibling != nullptr ? *sibling : contents.front();
}

Version MakeVersion(int number, Wording wording, bool shipped_default, absl::Time now) {
  std::string digest = DigestOf(wording);
  return {.number = number,
          .wording = std::move(wording),
          .digest = std::move(digest),
          .shipped_default = shipped_default,
          .create_time = now};
}

std::string EtagOf(const Template& state) {
  return rpc::EtagOf(fmt::format("{}/{}", state.id, state.revision));
}

void Publish(const Version& version, int previous, absl::Time now, Change& change) {
  Template& state = change.state;
  ++state.publication;
  state.published_version = version.number;
  state.shipped_default = version.shipped_default;
  change.publication = Publication{
      .number = state.publication, .version = version.number, .previous = previous, .time = now};
}

}  // namespace lmsmail::templates
