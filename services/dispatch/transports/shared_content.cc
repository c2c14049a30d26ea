#include "services/dispatch/transports/shared_content.h"

#include <algorithm>

#include "absl/strings/str_replace.h"

#include "libs/render/encode.h"

namespace lmsmail::dispatch {
namespace {

// In octets. SendGrid takes 10,000 for each recipient, with what JSON adds.
constexpr std::size_t kMaxSubstitutions = 8000;

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
// values begin, the longest counts.
void ReplaceAll(std::string& text, std::vector<Replacement>& replacements) {
  std::string replaced;
  std::size_t from = 0;
  for (Replacement& it : replacements) it.next = text.find(it.substitution.value);
  while (!replacements.empty()) {
    Replacement& first = *std::ranges::min_element(replacements, [](const auto& a, const auto& b) {
      return a.next != b.next ? a.next < b.next
                              : a.substitution.value.size() > b.substitution.value.size();
    });
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
  std::size_t octets = 0;
  for (auto* const replacements : {&in_text, &in_html}) {
    for (Replacement& it : *replacements) {
      if (!it.used) continue;
      octets += it.tag.size() + it.substitution.value.size();
      shared.substitutions.push_back(std::move(it.substitution));
    }
  }
  if (octets <= kMaxSubstitutions) return shared;
  return {.text = parts.text, .html = parts.html, .substitutions = {}};
}

RequestContent InlineCommonValues(std::span<const SharedContent* const> contents, TagStyle style) {
  const SharedContent& first = *contents.front();
  RequestContent request{.text = first.text, .html = first.html, .is_own = {}};
  for (std::size_t i = 0; i < first.substitutions.size(); ++i) {
    const Substitution& substitution = first.substitutions[i];
    const bool common = std::ranges::all_of(contents, [&](const SharedContent* content) {
      return content->substitutions[i].value == substitution.value;
    });
    request.is_own.push_back(!common);
    if (!common) continue;
    const std::string tag = TagOf(substitution, style);
    absl::StrReplaceAll({{tag, substitution.value}}, &request.text);
    absl::StrReplaceAll({{tag, substitution.value}}, &request.html);
  }
  return request;
}

}  // namespace lmsmail::dispatch
