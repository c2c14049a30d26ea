#include "libs/render/template.h"

#include <fmt/format.h>

#include <iterator>
#include <utility>

#include "absl/strings/str_split.h"

#include "libs/render/diagnostic.h"
#include "libs/render/parser.h"

namespace lmsmail::render {
namespace {

class Compiler {
 public:
  explicit Compiler(Part part) : part_(part) {}

  CompiledPart Compile(std::vector<Token> tokens) && {
    for (Token& token : tokens) Add(std::move(token));
    return std::move(out_);
  }

 private:
  void Add(Token token) {
    switch (token.kind) {
      case TokenKind::kText:
        return Emit('&', NewSlot(Slot::Use::kLiteral, std::move(token.text)));
      case TokenKind::kVariable:
        return Emit('&', NewSlot(part_ == Part::kHtml ? Slot::Use::kEscaped : Slot::Use::kPlain,
                                 std::move(token.text)));
      case TokenKind::kUnescaped:
        return Emit('&', NewSlot(Slot::Use::kPlain, std::move(token.text)));
      case TokenKind::kSection:
        open_.push_back(NewSlot(Slot::Use::kSection, std::move(token.text)));
        return Emit('#', open_.back());
      case TokenKind::kInverted:
        open_.push_back(NewSlot(Slot::Use::kInverted, std::move(token.text)));
        return Emit('^', open_.back());
      case TokenKind::kClose:
        Emit('/', open_.back());
        open_.pop_back();
        return;
    }
  }

  std::size_t NewSlot(Slot::Use use, std::string text) {
    Slot slot{use, std::move(text), {}};
    if (use != Slot::Use::kLiteral && slot.text != ".") slot.path = absl::StrSplit(slot.text, '.');
    out_.slots.push_back(std::move(slot));
    return out_.slots.size() - 1;
  }

  void Emit(char sigil, std::size_t slot) {
    fmt::format_to(std::back_inserter(out_.source), "{{{{{}{}}}}}", sigil, slot);
  }

  const Part part_;
  CompiledPart out_;
  std::vector<std::size_t> open_;
};

}  // namespace

absl::StatusOr<std::shared_ptr<const Template>> Template::Compile(
    const Content& content, const std::vector<Variable>& variables) {
  DiagnosticList errors;
  Schema schema = BuildSchema(variables, errors);
  std::array<CompiledPart, 3> parts;
  for (const Part part : {Part::kSubject, Part::kHtml, Part::kText}) {
    parts.at(static_cast<std::size_t>(part)) =
        Compiler(part).Compile(ParsePart(content, part, errors));
  }
  if (!errors.empty()) return ToViolations(errors.list()).ToStatus();
  return std::make_shared<const Template>(Private{}, std::move(parts), std::move(schema));
}

}  // namespace lmsmail::render
