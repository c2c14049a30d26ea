#include "libs/render/template.h"

#include <fmt/format.h>

#include <iterator>
#include <map>
#include <set>
#include <utility>

#include "absl/strings/str_split.h"

#include "libs/render/diagnostic.h"
#include "libs/render/html_scanner.h"
#include "libs/render/name_scopes.h"
#include "libs/render/parser.h"

namespace lmsmail::render {
namespace {

constexpr std::string_view kOther = "other";

class Compiler {
 public:
  Compiler(Part part, const Schema& root) : part_(part), scopes_(root) {}

  CompiledPart Compile(std::vector<Token> tokens) && {
    for (Token& token : tokens) Add(std::move(token));
    for (const auto& [slot, schema] : others_) {
      for (const std::string& category : categories_[schema]) {
        if (category != kOther) out_.slots[slot].other_than.push_back(category);
      }
    }
    return std::move(out_);
  }

 private:
  void Add(Token token) {
    switch (token.kind) {
      case TokenKind::kText: {
        html_.Feed(token.text);
        Slot slot;
        slot.text = std::move(token.text);
        return Emit('&', Add(std::move(slot)));
      }
      case TokenKind::kVariable:
      case TokenKind::kUnescaped: {
        const bool escaped = token.kind == TokenKind::kVariable && part_ == Part::kHtml;
        Emit('&', AddNamed(escaped ? Slot::Use::kEscaped : Slot::Use::kPlain, token,
                           scopes_.Resolve(token.text)));
        return html_.FeedValue();
      }
      case TokenKind::kSection:
      case TokenKind::kInverted: {
        const bool inverted = token.kind == TokenKind::kInverted;
        const Resolved resolved = scopes_.Resolve(token.text);
        open_.push_back(
            AddNamed(inverted ? Slot::Use::kInverted : Slot::Use::kSection, token, resolved));
        if (inverted) {
          scopes_.OpenInverted();
        } else {
          scopes_.Open(resolved);
        }
        return Emit(inverted ? '^' : '#', open_.back());
      }
      case TokenKind::kClose:
        scopes_.Close();
        Emit('/', open_.back());
        open_.pop_back();
        return;
    }
  }

  std::size_t AddNamed(Slot::Use use, const Token& token, const Resolved& resolved) {
    Slot slot;
    slot.use = use;
    slot.text = token.text;
    if (token.text != ".") slot.path = absl::StrSplit(token.text, '.');
    if (resolved.schema != nullptr) slot.type = resolved.schema->type;
    slot.verbatim = part_ == Part::kHtml && html_.place() != HtmlPlace::kText &&
                    !IsReadByPeople(html_.attribute());
    if (!resolved.category.empty()) {
      slot.category = resolved.category;
      slot.path.pop_back();
      categories_[resolved.schema].insert(slot.category);
      if (slot.category == kOther) others_.emplace_back(out_.slots.size(), resolved.schema);
    }
    return Add(std::move(slot));
  }

  std::size_t Add(Slot slot) {
    out_.slots.push_back(std::move(slot));
    return out_.slots.size() - 1;
  }

  void Emit(char sigil, std::size_t slot) {
    fmt::format_to(std::back_inserter(out_.source), "{{{{{}{}}}}}", sigil, slot);
  }

  const Part part_;
  NameScopes scopes_;
  HtmlScanner html_;
  CompiledPart out_;
  std::vector<std::size_t> open_;
  std::map<const Schema*, std::set<std::string>> categories_;
  std::vector<std::pair<std::size_t, const Schema*>> others_;  // slots of {{#count.other}}
};

}  // namespace

absl::StatusOr<std::shared_ptr<const Template>> Template::Compile(
    const Content& content, const std::vector<Variable>& variables) {
  DiagnosticList errors;
  Schema schema = BuildSchema(variables, errors);
  std::array<CompiledPart, 3> parts;
  for (const Part part : {Part::kSubject, Part::kHtml, Part::kText}) {
    parts.at(static_cast<std::size_t>(part)) =
        Compiler(part, schema).Compile(ParsePart(content, part, errors));
  }
  if (!errors.empty()) return ToViolations(errors.list()).ToStatus();
  return std::make_shared<const Template>(Private{}, std::move(parts), std::move(schema));
}

}  // namespace lmsmail::render
