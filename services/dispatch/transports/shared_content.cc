#include "services/dispatch/transports/shared_content.h"

#include <algorithm>

#include "libs/render/encode.h"

namespace lmsmail::dispatch {
namespace {

// A value to replace, in one of the forms in which it occurs.
struct Replacement {
  Substitution substitution;
  std::string tag = {};
  std::size_t next = 0;  // where the value occurs next
  bool used = false;
};

Replacement MakeReplacement(std::string name, std::string value, TagStyle style) {
  Replacement made{.substitution = {.name = std::move(name), .value = std::move(value)}};
  made.tag = TagOf(made.substitution, style);
  return made;
}

// Replaces every value by its tag, in one pass, so that no tag is taken for a value. Where several
// values begin, the first of `replacements` counts.
void ReplaceAll(std::string& text, std::vector<Replacement>& replacements) {
  std::string replaced;
  std::size_t from = 0;
  for (Replacement& it : replacements) it.next = text.find(it.substitution.value);
  while (!replacements.empty()) {
    Replacement& first = *std::ranges::min_element(replacements, {}, &Replacement::next);
    if (first.next == std::string::npos) break;
    replaced.append(text, from, first.next - from).append(first.tag);
    first.used = true;
    from = first.next + first.substitution.value.size();
    for (Replacement& it : replacements) {
      if (it.next < from) it.next = text.find(it.substitution.value, from);
    }
  }
  if (from == 0) return;
  text = std::move(replaced.append(text, from));
}

// A tag could also arise where another one ends, so its first character does not count.
bool HasTags(const MailParts& parts, TagStyle style) {
  const std::string_view mark = style.before.substr(1);
  const auto has = [&](const std::string& text) { return text.find(mark) != std::string::npos; };
  return has(parts.text) || has(parts.html) || has(parts.subject) ||
         std::ranges::any_of(parts.personal_values, has);
}

}  // namespace

std::string TagOf(const Substitution& substitution, TagStyle style) {
  return std::string(style.before).append(substitution.name).append(style.after);
}

SharedContent ShareContent(const MailParts& parts, TagStyle style) {
  SharedContent shared{.text = parts.text, .html = parts.html, .substitutions = {}};
  if (HasTags(parts, style)) return shared;
  std::vector<Replacement> in_text;
  std::vector<Replacement> in_html;
  int number = 0;
  for (const std::string& value : parts.personal_values) {
    // Numbered by position, so that a value that one mail lacks does not move the others.
    ++number;
    if (value.empty()) continue;
    std::string escaped;
    render::AppendHtmlEscaped(value, escaped);
    in_text.push_back(MakeReplacement(std::to_string(number), value, style));
    in_html.push_back(MakeReplacement(std::to_string(number) + "h", std::move(escaped), style));
  }
  ReplaceAll(shared.text, in_text);
  ReplaceAll(shared.html, in_html);
  for (auto* const replacements : {&in_text, &in_html}) {
    for (Replacement& it : *replacements) {
      if (it.used) shared.substitutions.push_back(std::move(it.substitution));
    }
  }
  return shared;
}

}  // namespace lmsmail::dispatch
