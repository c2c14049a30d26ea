#include "libs/render/parser.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>
#include <utility>

#include "libs/render/limits.h"
#include "libs/strings/utf8.h"

namespace lmsmail::render {
namespace {

class Parser {
 public:
  Parser(Part part, DiagnosticList& errors) : part_(part), errors_(errors) {}

  std::vector<Token> Parse(std::string_view source) && {
    if (source.size() > kMaxSourceBytes) {
      Fail({}, fmt::format("is {} bytes long, more than {}", source.size(), kMaxSourceBytes));
      return {};
    }
    if (!IsValidUtf8(source)) {
      Fail({}, "is not UTF-8");
      return {};
    }
    Tokenized tokenized = Tokenize(source);
    for (SyntaxError& error : tokenized.errors) Fail(error.location, std::move(error.message));
    bool too_deep = false;
    for (Token& token : tokenized.tokens) {
      const bool opens = token.kind == TokenKind::kSection || token.kind == TokenKind::kInverted;
      if (opens && open_.size() >= kMaxSectionDepth) {
        Fail(token.location, fmt::format("sections nest more than {} deep", kMaxSectionDepth));
        too_deep = true;
        break;  // matching the rest would take time in the square of the depth
      }
      Append(std::move(token));
    }
    while (!open_.empty()) {
      const Token& open = open_.back();
      if (!too_deep) {
        Fail(open.location, fmt::format("the section {} is never closed: {{{{/{}}}}} is missing",
                                        Quote(open.text), open.text));
      }
      CloseInnermost(open.location);
    }
    return std::move(tokens_);
  }

 private:
  void Append(Token token) {
    switch (token.kind) {
      case TokenKind::kText:
        if (!tokens_.empty() && tokens_.back().kind == TokenKind::kText) {
          tokens_.back().text += token.text;
          return;
        }
        break;
      case TokenKind::kSection:
      case TokenKind::kInverted:
        open_.push_back(token);
        break;
      case TokenKind::kClose:
        return Close(token);
      case TokenKind::kVariable:
      case TokenKind::kUnescaped:
        break;
    }
    tokens_.push_back(std::move(token));
  }

  void Close(const Token& close) {
    const auto match = std::find_if(open_.rbegin(), open_.rend(),
                                    [&](const Token& open) { return open.text == close.text; });
    if (match == open_.rend()) {
      return Fail(
          close.location,
          open_.empty()
              ? fmt::format("{{{{/{}}}}} closes no section", close.text)
              : fmt::format("{{{{/{}}}}} closes no section: {} of line {} is open", close.text,
                            Quote(open_.back().text), open_.back().location.line));
    }
    for (auto unclosed = match - open_.rbegin(); unclosed > 0; --unclosed) {
      Fail(open_.back().location,
           fmt::format("the section {} is not closed before {{{{/{}}}}} in line {}",
                       Quote(open_.back().text), close.text, close.location.line));
      CloseInnermost(close.location);
    }
    CloseInnermost(close.location);
  }

  void CloseInnermost(Location location) {
    tokens_.push_back({TokenKind::kClose, open_.back().text, location});
    open_.pop_back();
  }

  void Fail(Location location, std::string message) {
    errors_.Add({part_, location, std::move(message)});
  }

  const Part part_;
  DiagnosticList& errors_;
  std::vector<Token> tokens_;
  std::vector<Token> open_;  // sections, outermost first
};

std::string_view SourceOf(const Content& content, Part part) {
  switch (part) {
    case Part::kSubject:
      return content.subject;
    case Part::kHtml:
      return content.html;
    case Part::kText:
      return content.text;
    case Part::kVariables:
      break;
  }
  return "";
}

}  // namespace

std::vector<Token> ParsePart(const Content& content, Part part, DiagnosticList& errors) {
  return Parser(part, errors).Parse(SourceOf(content, part));
}

}  // namespace lmsmail::render
