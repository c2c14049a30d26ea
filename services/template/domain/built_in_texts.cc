#include "services/template/domain/built_in_texts.h"

#include <fmt/format.h>
#include <yaml-cpp/yaml.h>

#include <algorithm>

#include "libs/language/language_code.h"
#include "libs/render/encode.h"
#include "libs/render/tokenizer.h"
#include "libs/status/status_macros.h"

namespace lmsmail::templates {
namespace {

constexpr char kAll[] = "all";
constexpr char kPlural[] = "plural";
constexpr char kFallbackLanguage[] = "en";
// Unicode's isolates: what is between them is laid out by itself.
constexpr std::string_view kIsolate = "\u2068";
constexpr std::string_view kEndIsolate = "\u2069";

// Of mail programs on all systems, Arabic included. The quotes are those that an attribute allows.
constexpr char kFont[] =
    "font-family:-apple-system,'Segoe UI',Roboto,Helvetica,Arial,'Noto Sans Arabic',sans-serif";

std::string Tag(const render::Token& token) {
  switch (token.kind) {
    case render::TokenKind::kSection:
      return fmt::format("{{{{#{}}}}}", token.text);
    case render::TokenKind::kInverted:
      return fmt::format("{{{{^{}}}}}", token.text);
    case render::TokenKind::kClose:
      return fmt::format("{{{{/{}}}}}", token.text);
    default:
      return fmt::format("{{{{{}}}}}", token.text);
  }
}

std::string ForUse(std::string_view text, TextUse use, bool right_to_left) {
  std::string out;
  for (const render::Token& token : render::Tokenize(text).tokens) {
    if (token.kind != render::TokenKind::kText) {
      const bool isolate = right_to_left && token.kind == render::TokenKind::kVariable;
      if (isolate) out += kIsolate;
      out += Tag(token);
      if (isolate) out += kEndIsolate;
    } else if (use == TextUse::kHtml) {
      render::AppendHtmlEscaped(token.text, out);
    } else {
      out += token.text;
    }
  }
  return out;
}

// One text with its plurals as sections.
std::string Source(const YAML::Node& text, const std::string& plural_of) {
  if (plural_of.empty()) return text.as<std::string>();
  std::string out;
  for (const auto& plural : text) {
    out += fmt::format("{{{{#{0}.{1}}}}}{2}{{{{/{0}.{1}}}}}", plural_of,
                       plural.first.as<std::string>(), plural.second.as<std::string>());
  }
  return out;
}

}  // namespace

absl::StatusOr<BuiltInTexts> BuiltInTexts::Parse(std::string_view yaml) {
  BuiltInTexts out;
  std::map<std::pair<std::string, std::string>, std::size_t> languages_of;
  try {
    for (const auto& section : YAML::Load(std::string(yaml))) {
      for (const auto& entry : section.second) {
        const std::string name = entry.first.as<std::string>();
        const YAML::Node plural = entry.second[kPlural];
        const std::string plural_of = plural ? plural.as<std::string>() : "";
        for (const auto& text : entry.second) {
          const std::string language = text.first.as<std::string>();
          if (language == kPlural) continue;
          const std::string source = Source(text.second, plural_of);
          for (const TextUse use : {TextUse::kHtml, TextUse::kPlain}) {
            out.texts_[{section.first.as<std::string>(), name, language, use}] =
                ForUse(source, use, language::IsRightToLeft(language));
          }
          if (std::ranges::find(out.languages_, language) == out.languages_.end()) {
            out.languages_.push_back(language);
          }
          ++languages_of[{section.first.as<std::string>(), name}];
        }
      }
    }
  } catch (const YAML::Exception& error) {
    return absl::InternalError(fmt::format("texts.yaml: {}", error.what()));
  }
  for (const auto& [key, count] : languages_of) {
    if (count == out.languages_.size()) continue;
    return absl::InternalError(fmt::format("texts.yaml: {}.{} has {} languages of {}", key.first,
                                           key.second, count, out.languages_.size()));
  }
  std::ranges::stable_partition(out.languages_,
                                [](const std::string& l) { return l == kFallbackLanguage; });
  return out;
}

const std::string* BuiltInTexts::Find(std::string_view template_id, std::string_view name,
                                      std::string_view language, TextUse use) const {
  for (const std::string_view section : {template_id, std::string_view(kAll)}) {
    const auto it =
        texts_.find({std::string(section), std::string(name), std::string(language), use});
    if (it != texts_.end()) return &it->second;
  }
  return nullptr;
}

absl::StatusOr<std::string> Layout::Fill(std::string_view source) const {
  constexpr std::string_view kOpen = "[[";
  constexpr std::string_view kClose = "]]";
  std::string out;
  for (std::size_t open; (open = source.find(kOpen)) != std::string_view::npos;) {
    const std::size_t close = source.find(kClose, open);
    if (close == std::string_view::npos) break;
    out += source.substr(0, open);
    const std::string_view name = source.substr(open + kOpen.size(), close - open - kOpen.size());
    LMSMAIL_ASSIGN_OR_RETURN(const std::string value, ValueOf(name));
    out += value;
    source.remove_prefix(close + kClose.size());
  }
  return out += source;
}

absl::StatusOr<std::string> Layout::ValueOf(std::string_view name) const {
  const bool right_to_left = language::IsRightToLeft(language);
  if (name == "language") return language;
  if (name == "direction") return right_to_left ? "rtl" : "ltr";
  if (name == "start") return right_to_left ? "right" : "left";
  if (name == "end") return right_to_left ? "left" : "right";
  if (name == "font") return kFont;
  if (name.starts_with('>')) {
    const auto file = files.find(fmt::format("layout/{}", name.substr(1)));
    if (file == files.end()) return absl::InternalError(fmt::format("{} is missing", name));
    std::string_view content = file->second;
    // The line break is that of the line with the name.
    if (content.ends_with('\n')) content.remove_suffix(1);
    return Fill(content);
  }
  const std::string* const text = texts.Find(template_id, name, language, use);
  if (text == nullptr) {
    return absl::InternalError(fmt::format("texts.yaml has no {}.{}", template_id, name));
  }
  return *text;
}

}  // namespace lmsmail::templates
