#include "services/gateway/pages/texts.h"

#include <fmt/format.h>
#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"

#include "libs/language/best_match.h"
#include "libs/strings/view.h"

namespace lmsmail::gateway {
namespace {

std::vector<Language> NoTexts() {
  return {{"en", "ltr", {}},
          {"de", "ltr", {}},
          {"es", "ltr", {}},
          {"fr", "ltr", {}},
          {"ar", "rtl", {}}};
}

}  // namespace

std::string Language::Text(std::string_view key, std::string_view school,
                           std::string_view category) const {
  return absl::StrReplaceAll(texts.find(key)->second,
                             {{"{school}", ToAbsl(school)}, {"{category}", ToAbsl(category)}});
}

absl::StatusOr<Texts> Texts::Parse(std::string_view yaml) {
  std::vector<Language> languages = NoTexts();
  try {
    for (const auto& entry : YAML::Load(std::string(yaml))) {
      const std::string key = entry.first.as<std::string>();
      if (entry.second.size() != languages.size()) {
        return absl::InvalidArgumentError(
            fmt::format("{} must have {} languages", key, languages.size()));
      }
      for (Language& language : languages) {
        const YAML::Node text = entry.second[language.code];
        if (!text) {
          return absl::InvalidArgumentError(fmt::format("{} lacks {}", key, language.code));
        }
        language.texts[key] = text.as<std::string>();
      }
    }
  } catch (const YAML::Exception& error) {
    return absl::InvalidArgumentError(error.what());
  }
  return Texts(std::move(languages));
}

const Language& Texts::For(std::string_view code) const {
  return language::BestMatch(languages_, &Language::code, code);
}

const Language& Texts::Accepted(std::string_view accept_language) const {
  constexpr std::size_t kMaxLanguages = 10;
  std::size_t count = 0;
  for (const absl::string_view range : absl::StrSplit(ToAbsl(accept_language), ',')) {
    if (++count > kMaxLanguages) break;
    const std::string_view code =
        ToStd(absl::StripAsciiWhitespace(range.substr(0, range.find(';'))));
    const bool found = std::ranges::any_of(languages_, [code](const Language& each) {
      return language::Distance(each.code, code).has_value();
    });
    if (found) return For(code);
  }
  return languages_.front();
}

}  // namespace lmsmail::gateway
