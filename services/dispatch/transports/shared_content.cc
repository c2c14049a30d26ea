#include "services/dispatch/transports/shared_content.h"

#include <algorithm>

#include "absl/strings/str_replace.h"

#include "libs/render/encode.h"
#include "libs/strings/octets.h"

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
  replaced.reserve(text.size());
  std::size_t from = 0;
  for (Replacement& it : replacements) it.next = FindText(text, it.substitution.value);
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
      if (it.next < from) it.next = FindText(text, it.substitution.value, from);
    }
  }
  if (from == 0) return;
  text = std::move(replaced.append(text, from));
}

void MakeReplacements(const MailParts& parts, TagStyle style, std::vector<Replacement>& in_text,
                      std::vector<Replacement>& in_html) {
  in_text.reserve(parts.personal_values.size());
  in_html.reserve(parts.personal_values.size());
  int number = 0;
  for (const std::string& value : parts.personal_values) {
    // Numbered by position, so that a value that one mail lacks does not move the others.
    const std::string name = std::to_string(++number);
    if (value.empty()) continue;
    std::string escaped;
    render::AppendHtmlEscaped(value, escaped);
    std::string html_name = escaped == value ? name : name + "h";
    in_text.push_back(MakeReplacement(name, value, style));
    in_html.push_back(MakeReplacement(std::move(html_name), std::move(escaped), style));
  }
}

// The substitutions of the tags that occur, each once.
std::vector<Substitution> UsedOf(std::vector<Replacement>& in_text,
                                 std::vector<Replacement>& in_html) {
  std::vector<Substitution> used;
  for (std::size_t i = 0; i < in_text.size(); ++i) {
    const bool same = in_text[i].tag == in_html[i].tag;
    if (in_html[i].used && !same) used.push_back(std::move(in_html[i].substitution));
    if (in_text[i].used || (in_html[i].used && same)) {
      used.push_back(std::move(in_text[i].substitution));
    }
  }
  return used;
}

std::size_t SizeOf(const std::vector<Substitution>& substitutions) {
  constexpr std::size_t kTag = 20;
  std::size_t octets = 0;
  for (const Substitution& it : substitutions) octets += kTag + it.value.size();
  return octets;
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
  SharedBody body{.text = parts.text, .html = parts.html};
  std::vector<Substitution> substitutions;
  if (!HasTags(parts, style)) {
    std::vector<Replacement> in_text;
    std::vector<Replacement> in_html;
    MakeReplacements(parts, style, in_text, in_html);
    ReplaceAll(body.text, in_text);
    ReplaceAll(body.html, in_html);
    substitutions = UsedOf(in_text, in_html);
    if (SizeOf(substitutions) > kMaxSubstitutions) {
      body = {.text = parts.text, .html = parts.html};
      substitutions.clear();
    }
  }
  return {.body = std::make_shared<const SharedBody>(std::move(body)),
          .substitutions = std::move(substitutions)};
}

RequestContent InlineCommonValues(std::span<const SharedContent* const> contents, TagStyle style) {
  const SharedContent& first = *contents.front();
  RequestContent request{.body = *first.body, .is_own = {}};
  for (std::size_t i = 0; i < first.substitutions.size(); ++i) {
    const Substitution& substitution = first.substitutions[i];
    const bool common = std::ranges::all_of(contents, [&](const SharedContent* content) {
      return content->substitutions[i].value == substitution.value;
    });
    request.is_own.push_back(!common);
    if (!common) continue;
    const std::string tag = TagOf(substitution, style);
    absl::StrReplaceAll({{tag, substitution.value}}, &request.body.text);
    absl::StrReplaceAll({{tag, substitution.value}}, &request.body.html);
  }
  return request;
}

}  // namespace lmsmail::dispatch
