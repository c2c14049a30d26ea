#include "libs/render/check.h"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>
#include <tuple>
#include <utility>

#include "absl/container/flat_hash_set.h"
#include "absl/strings/str_split.h"

#include "libs/render/limits.h"
#include "libs/render/parser.h"
#include "libs/render/schema.h"
#include "libs/strings/view.h"

namespace lmsmail::render {
namespace {

// Walks one part's tokens through its sections and resolves every name as the renderer does.
class NameChecker {
 public:
  NameChecker(const Schema& root, const CheckOptions& options, Part part, DiagnosticList& errors,
              absl::flat_hash_set<const Schema*>& used)
      : root_(root), options_(options), part_(part), errors_(errors), used_(used) {}

  void Check(const std::vector<Token>& tokens) {
    for (const Token& token : tokens) {
      switch (token.kind) {
        case TokenKind::kVariable:
        case TokenKind::kUnescaped:
          CheckVariable(token);
          break;
        case TokenKind::kSection:
          scopes_.push_back({Resolve(token), false});
          break;
        case TokenKind::kInverted:
          Resolve(token);
          scopes_.push_back({nullptr, true});
          break;
        case TokenKind::kClose:
          scopes_.pop_back();
          break;
        case TokenKind::kText:
          break;
      }
    }
  }

 private:
  struct Scope {
    const Schema* schema;  // null: undeclared, so its fields are unknown
    bool transparent;      // an inverted section opens no scope
  };

  void CheckVariable(const Token& token) {
    const Schema* schema = Resolve(token);
    if (token.kind == TokenKind::kUnescaped && part_ == Part::kHtml &&
        !options_.unescaped_allowed.contains(schema ? schema->path : token.text)) {
      Fail(token,
           fmt::format("{} goes into the HTML unescaped, which is allowed for trusted HTML only: "
                       "write {{{{{}}}}}",
                       Quote(token.text), token.text));
    }
    if (schema == nullptr || token.text == ".") return;
    if (schema->type == VariableType::kList || schema->type == VariableType::kObject) {
      Fail(token, fmt::format("{} is {} and prints nothing: open it with {{{{#{}}}}}",
                              Quote(token.text), KindOf(*schema), token.text));
    }
  }

  // The declaration of the variable that `token` names. Null, and an error, when there is none.
  const Schema* Resolve(const Token& token) {
    if (token.text == ".") return ResolveItem(token);
    std::vector<std::string> names = absl::StrSplit(token.text, '.');
    const Schema* schema = FindFirst(names.front());
    if (schema == nullptr) {
      // Inside an undeclared section, which is an error itself, any name may be a field.
      if (!InUndeclaredSection())
        Fail(token, fmt::format("{} is not declared", Quote(names.front())));
      return nullptr;
    }
    used_.insert(schema);
    for (std::size_t i = 1; i < names.size(); ++i) {
      const Schema* field = schema->Field(names[i]);
      if (schema->type == VariableType::kList) {
        Fail(token, fmt::format("{} is a list: open it with {{{{#{}}}}} to reach its items' fields",
                                Quote(schema->path), schema->path));
        return nullptr;
      }
      if (field == nullptr) {
        Fail(token,
             fmt::format("{} has no declared field {}", Quote(schema->path), Quote(names[i])));
        return nullptr;
      }
      schema = field;
      used_.insert(schema);
    }
    return schema;
  }

  const Schema* ResolveItem(const Token& token) {
    const auto scope = std::find_if(scopes_.rbegin(), scopes_.rend(),
                                    [](const Scope& s) { return !s.transparent; });
    if (scope == scopes_.rend()) {
      Fail(token, "{{.}} is valid only inside a section");
      return nullptr;
    }
    const Schema* schema = scope->schema;
    if (schema != nullptr && (schema->type == VariableType::kObject || !schema->fields.empty())) {
      Fail(token, fmt::format("{{{{.}}}} has fields here and prints nothing: name a field of {}",
                              Quote(schema->path)));
    }
    return schema;
  }

  const Schema* FindFirst(std::string_view name) const {
    for (auto scope = scopes_.rbegin(); scope != scopes_.rend(); ++scope) {
      if (scope->schema == nullptr) continue;
      if (const Schema* field = scope->schema->Field(name)) return field;
    }
    return root_.Field(name);
  }

  bool InUndeclaredSection() const {
    return std::any_of(scopes_.begin(), scopes_.end(),
                       [](const Scope& s) { return s.schema == nullptr && !s.transparent; });
  }

  static std::string_view KindOf(const Schema& schema) {
    return schema.type == VariableType::kList ? "a list" : "an object";
  }

  void Fail(const Token& token, std::string message) {
    errors_.Add({part_, token.location, std::move(message)});
  }

  const Schema& root_;
  const CheckOptions& options_;
  const Part part_;
  DiagnosticList& errors_;
  absl::flat_hash_set<const Schema*>& used_;
  std::vector<Scope> scopes_;
};

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
    NameChecker(root, options, part, errors, used).Check(tokens);
    if (part == Part::kHtml) CheckHtmlSize(tokens, errors);
  }
  WarnOfUnused(root, used, warnings);
  CheckResult result{std::move(errors).Take(), std::move(warnings).Take()};
  std::stable_sort(result.errors.begin(), result.errors.end(), IsBefore);
  return result;
}

}  // namespace lmsmail::render
