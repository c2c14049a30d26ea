#include "libs/render/check.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>
#include <string_view>
#include <tuple>
#include <utility>

#include "absl/container/flat_hash_set.h"

#include "libs/locale/formatter.h"
#include "libs/render/html_check.h"
#include "libs/render/limits.h"
#include "libs/render/name_scopes.h"
#include "libs/render/parser.h"
#include "libs/render/schema.h"

namespace lmsmail::render {
namespace {

using locale::Plural;

// The sections {{#count.few}} of one number in one part.
struct PluralUse {
  std::set<std::string, std::less<>> sections;
  bool inverted = false;
  Location location;  // of the first
};

// Walks one part's tokens through its sections and resolves every name as the renderer does.
class NameChecker {
 public:
  NameChecker(const Schema& root, const CheckOptions& options, Part part, DiagnosticList& errors,
              absl::flat_hash_set<const Schema*>& used)
      : scopes_(root), options_(options), part_(part), errors_(errors), used_(used) {}

  void Check(const std::vector<Token>& tokens) {
    for (const Token& token : tokens) Check(token);
  }

  const std::map<const Schema*, PluralUse>& plurals() const { return plurals_; }

 private:
  void Check(const Token& token) {
    switch (token.kind) {
      case TokenKind::kText:
        if (part_ == Part::kHtml) Fail(token, html_.CheckText(token.text));
        return;
      case TokenKind::kVariable:
      case TokenKind::kUnescaped:
        return CheckVariable(token);
      case TokenKind::kSection:
      case TokenKind::kInverted: {
        const Resolved resolved = Resolve(token);
        CountPlural(token, resolved);
        if (token.kind == TokenKind::kSection) {
          scopes_.Open(resolved);
        } else {
          scopes_.OpenInverted();
        }
        html_.OpenSection();
        return;
      }
      case TokenKind::kClose:
        scopes_.Close();
        return Fail(token, html_.CloseSection(token.text));
    }
  }

  void CheckVariable(const Token& token) {
    const Resolved resolved = Resolve(token);
    const Schema* const schema = resolved.schema;
    const bool unescaped = token.kind == TokenKind::kUnescaped;
    if (part_ == Part::kHtml) {
      Fail(token, html_.CheckValue(token.text, resolved, unescaped));
      if (unescaped && !options_.unescaped_allowed.contains(schema ? schema->path : token.text)) {
        Fail(token,
             fmt::format("{} goes into the HTML unescaped, which is allowed for trusted HTML only: "
                         "write {{{{{}}}}}",
                         Quote(token.text), token.text));
      }
    }
    if (schema == nullptr) return;
    const bool has_fields = schema->type == VariableType::kObject || !schema->fields.empty();
    if (token.text == ".") {
      if (has_fields) {
        Fail(token, fmt::format("{{{{.}}}} has fields here and prints nothing: name a field of {}",
                                Quote(schema->path)));
      }
    } else if (!resolved.category.empty()) {
      Fail(token, fmt::format("{} prints nothing: it opens a section, {{{{#{}}}}}",
                              Quote(token.text), token.text));
    } else if (has_fields) {
      Fail(token,
           fmt::format("{} is {} and prints nothing: open it with {{{{#{}}}}}", Quote(token.text),
                       schema->type == VariableType::kList ? "a list" : "an object", token.text));
    }
  }

  Resolved Resolve(const Token& token) {
    Resolved resolved = scopes_.Resolve(token.text);
    Fail(token, resolved.problem);
    used_.insert(resolved.path.begin(), resolved.path.end());
    return resolved;
  }

  void CountPlural(const Token& token, const Resolved& resolved) {
    if (resolved.category.empty() || resolved.schema->type != VariableType::kNumber) return;
    const auto [use, is_first] = plurals_.try_emplace(resolved.schema);
    if (is_first) use->second.location = token.location;
    use->second.sections.emplace(resolved.category);
    if (token.kind == TokenKind::kInverted) use->second.inverted = true;
  }

  void Fail(const Token& token, std::string message) {
    if (!message.empty()) errors_.Add({part_, token.location, std::move(message)});
  }

  NameScopes scopes_;
  HtmlCheck html_;
  const CheckOptions& options_;
  const Part part_;
  DiagnosticList& errors_;
  absl::flat_hash_set<const Schema*>& used_;
  std::map<const Schema*, PluralUse> plurals_;
};

// The plurals that whole numbers up to 200 have in a language, with the smallest number of each.
std::map<Plural, int> PluralsOf(std::string_view language_code) {
  constexpr int kMax = 200;  // no language has others up to a million
  const locale::Formatter formatter(language_code);
  std::map<Plural, int> plurals;
  for (int number = 0; number <= kMax; ++number)
    plurals.emplace(formatter.PluralOf(number), number);
  return plurals;
}

// A plural without a section is shown as "other", which reads badly.
void WarnOfMissingPlurals(const NameChecker& names, Part part, std::string_view language_code,
                          DiagnosticList& warnings) {
  for (const auto& [schema, use] : names.plurals()) {
    if (use.inverted) continue;
    for (const auto& [plural, example] : PluralsOf(language_code)) {
      const std::string_view name = PluralName(plural);
      if (use.sections.contains(name)) continue;
      warnings.Add(
          {part, use.location,
           fmt::format("{} has no section for the plural {} of {}, as for {}: add "
                       "{{{{#{}.{}}}}}",
                       Quote(schema->path), name, language_code, example, schema->path, name)});
    }
  }
}

void CheckSubjectLine(const std::string& subject, DiagnosticList& errors) {
  if (subject.find_first_not_of(" \t\r\n") == std::string::npos) {
    return errors.Add({Part::kSubject, {}, "is empty"});
  }
  const std::size_t end = subject.find_first_of("\r\n");
  if (end == std::string::npos) return;
  const auto column =
      1 + std::count_if(subject.begin(), subject.begin() + static_cast<std::ptrdiff_t>(end),
                        [](char c) { return (c & 0xC0) != 0x80; });
  errors.Add({Part::kSubject,
              {1, static_cast<int>(column)},
              "a subject is one line: remove the line break"});
}

void CheckHtmlSize(const std::vector<Token>& tokens, DiagnosticList& errors) {
  std::size_t bytes = 0;
  for (const Token& token : tokens) {
    if (token.kind == TokenKind::kText) bytes += token.text.size();
  }
  if (bytes <= kGmailClipBytes) return;
  errors.Add({Part::kHtml,
              {},
              fmt::format("is {} KB without the variables: Gmail hides everything after {} KB, "
                          "including the unsubscribe link",
                          bytes / 1024, kGmailClipBytes / 1024)});
}

void WarnOfUnused(const Schema& schema, const absl::flat_hash_set<const Schema*>& used,
                  DiagnosticList& warnings) {
  for (const auto& [name, field] : schema.fields) {
    if (field->required && !used.contains(field.get())) {
      warnings.Add(
          {Part::kVariables, {}, fmt::format("{} is required but never used", Quote(field->path))});
    }
    WarnOfUnused(*field, used, warnings);
  }
}

// In the order in which an author reads the template.
bool IsBefore(const Diagnostic& a, const Diagnostic& b) {
  return std::tie(a.part, a.location.line, a.location.column) <
         std::tie(b.part, b.location.line, b.location.column);
}

}  // namespace

CheckResult CheckTemplate(const Content& content, const std::vector<Variable>& variables,
                          const CheckOptions& options) {
  DiagnosticList errors;
  DiagnosticList warnings;
  const Schema root = BuildSchema(variables, errors);
  absl::flat_hash_set<const Schema*> used;
  CheckSubjectLine(content.subject, errors);
  if (content.html.empty() && content.text.empty()) {
    errors.Add({Part::kText, {}, "is empty, and so is html: a mail needs one of them"});
  }
  for (const Part part : {Part::kSubject, Part::kHtml, Part::kText}) {
    const std::vector<Token> tokens = ParsePart(content, part, errors);
    NameChecker names(root, options, part, errors, used);
    names.Check(tokens);
    if (!options.language_code.empty()) {
      WarnOfMissingPlurals(names, part, options.language_code, warnings);
    }
    if (part == Part::kHtml) CheckHtmlSize(tokens, errors);
  }
  WarnOfUnused(root, used, warnings);
  CheckResult result{std::move(errors).Take(), std::move(warnings).Take()};
  std::stable_sort(result.errors.begin(), result.errors.end(), IsBefore);
  return result;
}

}  // namespace lmsmail::render
