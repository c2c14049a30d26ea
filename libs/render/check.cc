#include "libs/render/check.h"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>
#include <tuple>
#include <utility>

#include "absl/container/flat_hash_set.h"
#include "absl/strings/str_split.h"

#include "libs/render/declared.h"
#include "libs/render/expand.h"
#include "libs/render/limits.h"
#include "libs/strings/view.h"

namespace lmsmail::render {
namespace {

// Follows one part's tokens through its sections and resolves every name as rendering will.
class NameChecker {
 public:
  NameChecker(const Declared& root, const CheckOptions& options, Part part, FaultList& faults,
              absl::flat_hash_set<const Declared*>& used)
      : root_(root), options_(options), part_(part), faults_(faults), used_(used) {}

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
        case TokenKind::kPartial:
          break;
      }
    }
  }

 private:
  struct Scope {
    const Declared* declared;  // null: undeclared, so its fields are unknown
    bool transparent;          // an inverted section is no scope
  };

  void CheckVariable(const Token& token) {
    const Declared* declared = Resolve(token);
    if (token.kind == TokenKind::kUnescaped && part_ == Part::kHtml &&
        !options_.unescaped_allowed.contains(declared ? declared->path : token.text)) {
      Fail(token,
           fmt::format("{} goes into the HTML unescaped, which is allowed for none but known "
                       "HTML: write {{{{{}}}}}",
                       Quote(token.text), token.text));
    }
    if (declared == nullptr || token.text == ".") return;
    if (declared->type == VariableType::kList || declared->type == VariableType::kObject) {
      Fail(token, fmt::format("{} is {} and prints nothing: open it with {{{{#{}}}}}",
                              Quote(token.text), Described(*declared), token.text));
    }
  }

  // The declaration that `token` means; null, with a fault, when there is none.
  const Declared* Resolve(const Token& token) {
    if (token.text == ".") return ResolveItem(token);
    std::vector<std::string> names = absl::StrSplit(token.text, '.');
    const Declared* declared = FindFirst(names.front());
    if (declared == nullptr) {
      // Inside an undeclared section, which has its own fault, anything may be a field.
      if (!InUndeclared()) Fail(token, fmt::format("{} is not declared", Quote(names.front())));
      return nullptr;
    }
    used_.insert(declared);
    for (std::size_t i = 1; i < names.size(); ++i) {
      const Declared* field = declared->Field(names[i]);
      if (declared->type == VariableType::kList) {
        Fail(token, fmt::format("{} is a list: open it with {{{{#{}}}}} to reach its items' fields",
                                Quote(declared->path), declared->path));
        return nullptr;
      }
      if (field == nullptr) {
        Fail(token,
             fmt::format("{} has no declared field {}", Quote(declared->path), Quote(names[i])));
        return nullptr;
      }
      declared = field;
      used_.insert(declared);
    }
    return declared;
  }

  const Declared* ResolveItem(const Token& token) {
    const auto scope = std::find_if(scopes_.rbegin(), scopes_.rend(),
                                    [](const Scope& s) { return !s.transparent; });
    if (scope == scopes_.rend()) {
      Fail(token, "{{.}} is known only inside a section");
      return nullptr;
    }
    const Declared* declared = scope->declared;
    if (declared != nullptr &&
        (declared->type == VariableType::kObject || !declared->fields.empty())) {
      Fail(token, fmt::format("{{{{.}}}} has fields here and prints nothing: name a field of {}",
                              Quote(declared->path)));
    }
    return declared;
  }

  const Declared* FindFirst(std::string_view name) const {
    for (auto scope = scopes_.rbegin(); scope != scopes_.rend(); ++scope) {
      if (scope->declared == nullptr) continue;
      if (const Declared* field = scope->declared->Field(name)) return field;
    }
    return root_.Field(name);
  }

  bool InUndeclared() const {
    return std::any_of(scopes_.begin(), scopes_.end(),
                       [](const Scope& s) { return s.declared == nullptr && !s.transparent; });
  }

  static std::string_view Described(const Declared& declared) {
    return declared.type == VariableType::kList ? "a list" : "an object";
  }

  void Fail(const Token& token, std::string message) {
    faults_.Add({part_, token.partial, token.at, std::move(message)});
  }

  const Declared& root_;
  const CheckOptions& options_;
  const Part part_;
  FaultList& faults_;
  absl::flat_hash_set<const Declared*>& used_;
  std::vector<Scope> scopes_;
};

void CheckSubjectLine(const std::string& subject, FaultList& faults) {
  if (subject.find_first_not_of(" \t\r\n") == std::string::npos) {
    return faults.Add({Part::kSubject, "", {}, "is empty"});
  }
  const std::size_t end = subject.find_first_of("\r\n");
  if (end == std::string::npos) return;
  const auto column = 1 + std::count_if(subject.begin(), subject.begin() + static_cast<long>(end),
                                        [](char c) { return (c & 0xC0) != 0x80; });
  faults.Add({Part::kSubject,
              "",
              {1, static_cast<int>(column)},
              "a subject is one line: remove the line break"});
}

void CheckHtmlSize(const std::vector<Token>& tokens, FaultList& faults) {
  std::size_t bytes = 0;
  for (const Token& token : tokens) {
    if (token.kind == TokenKind::kText) bytes += token.text.size();
  }
  if (bytes <= kGmailClipBytes) return;
  faults.Add({Part::kHtml,
              "",
              {},
              fmt::format("is {} KB before any variable: Gmail hides what comes after {} KB, the "
                          "unsubscribe link with it",
                          bytes / 1024, kGmailClipBytes / 1024)});
}

void WarnOfUnused(const Declared& declared, const absl::flat_hash_set<const Declared*>& used,
                  FaultList& warnings) {
  for (const auto& [name, field] : declared.fields) {
    if (field->required && !used.contains(field.get())) {
      warnings.Add({Part::kVariables,
                    "",
                    {},
                    fmt::format("{} is required but never used", Quote(field->path))});
    }
    WarnOfUnused(*field, used, warnings);
  }
}

// By place, as an author goes through them.
bool IsBefore(const Fault& a, const Fault& b) {
  return std::tie(a.part, a.partial, a.at.line, a.at.column) <
         std::tie(b.part, b.partial, b.at.line, b.at.column);
}

}  // namespace

CheckResult CheckTemplate(const Content& content, const std::vector<Variable>& variables,
                          const CheckOptions& options) {
  FaultList faults;
  FaultList warnings;
  const Declared root = BuildDeclared(variables, faults);
  absl::flat_hash_set<const Declared*> used;
  CheckSubjectLine(content.subject, faults);
  if (content.html.empty() && content.text.empty()) {
    faults.Add({Part::kText, "", {}, "is empty, and so is html: a mail needs one of them"});
  }
  for (const Part part : {Part::kSubject, Part::kHtml, Part::kText}) {
    const std::vector<Token> tokens = Expand(content, part, faults);
    NameChecker(root, options, part, faults, used).Check(tokens);
    if (part == Part::kHtml) CheckHtmlSize(tokens, faults);
  }
  WarnOfUnused(root, used, warnings);
  CheckResult result{std::move(faults).Take(), std::move(warnings).Take()};
  std::stable_sort(result.faults.begin(), result.faults.end(), IsBefore);
  return result;
}

}  // namespace lmsmail::render
