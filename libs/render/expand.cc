#include "libs/render/expand.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>
#include <utility>

#include "libs/render/limits.h"
#include "libs/strings/utf8.h"

namespace lmsmail::render {
namespace {

std::string Indented(std::string_view source, std::string_view indentation) {
  if (indentation.empty()) return std::string(source);
  std::string out;
  while (!source.empty()) {
    const std::size_t end = std::min(source.find('\n'), source.size() - 1) + 1;
    out.append(indentation).append(source.substr(0, end));
    source.remove_prefix(end);
  }
  return out;
}

class Expander {
 public:
  Expander(const Content& content, Part part, FaultList& faults)
      : content_(content), part_(part), faults_(faults) {}

  void Append(const std::string& partial, std::string_view source, std::string_view indentation) {
    if (source.size() > kMaxSourceBytes) {
      return Fail(partial, {},
                  fmt::format("is {} bytes long, more than {}", source.size(), kMaxSourceBytes));
    }
    if (!IsValidUtf8(source)) return Fail(partial, {}, "is not UTF-8");
    Tokenized tokenized = Tokenize(Indented(source, indentation));
    const auto in_source = [&indentation](Location at) {
      return Location{at.line, at.column - static_cast<int>(indentation.size())};
    };
    for (SyntaxFault& fault : tokenized.faults) {
      Fail(partial, in_source(fault.at), std::move(fault.message));
    }
    const std::size_t outside = open_.size();
    for (Token& token : tokenized.tokens) {
      token.at = in_source(token.at);
      token.partial = partial;
      Append(std::move(token), outside);
      if (too_deep_) break;  // reading on would take time in the square of the depth
    }
    while (open_.size() > outside) {
      if (!too_deep_) {
        FailAt(open_.back(), fmt::format("the section {} is never closed: {{{{/{}}}}} is missing",
                                         Quote(open_.back().text), open_.back().text));
      }
      CloseInnermost(open_.back());
    }
  }

  std::vector<Token> Take() && { return std::move(tokens_); }

 private:
  void Append(Token token, std::size_t outside) {
    switch (token.kind) {
      case TokenKind::kText:
        if (!tokens_.empty() && tokens_.back().kind == TokenKind::kText) {
          tokens_.back().text += token.text;
          return;
        }
        break;
      case TokenKind::kSection:
      case TokenKind::kInverted:
        if (open_.size() >= kMaxSectionDepth) {
          too_deep_ = true;
          return FailAt(token, fmt::format("sections nest more than {} deep", kMaxSectionDepth));
        }
        open_.push_back(token);
        break;
      case TokenKind::kClose:
        return Close(token, outside);
      case TokenKind::kPartial:
        return Include(token);
      case TokenKind::kVariable:
      case TokenKind::kUnescaped:
        break;
    }
    tokens_.push_back(std::move(token));
  }

  void Close(const Token& close, std::size_t outside) {
    const auto match =
        std::find_if(open_.rbegin(), open_.rend() - static_cast<std::ptrdiff_t>(outside),
                     [&](const Token& open) { return open.text == close.text; });
    if (match == open_.rend() - static_cast<std::ptrdiff_t>(outside)) {
      return FailAt(close,
                    open_.size() == outside
                        ? fmt::format("{{{{/{}}}}} closes no section", close.text)
                        : fmt::format("{{{{/{}}}}} closes no section: {} of line {} is open",
                                      close.text, Quote(open_.back().text), open_.back().at.line));
    }
    for (auto unclosed = match - open_.rbegin(); unclosed > 0; --unclosed) {
      FailAt(open_.back(), fmt::format("the section {} is not closed before {{{{/{}}}}} in line {}",
                                       Quote(open_.back().text), close.text, close.at.line));
      CloseInnermost(close);
    }
    CloseInnermost(close);
  }

  void CloseInnermost(const Token& at) {
    Token close = at;
    close.kind = TokenKind::kClose;
    close.text = open_.back().text;
    open_.pop_back();
    tokens_.push_back(std::move(close));
  }

  void Include(const Token& include) {
    const auto partial = content_.partials.find(include.text);
    if (partial == content_.partials.end()) {
      return FailAt(include, fmt::format("there is no partial {}", Quote(include.text)));
    }
    if (std::find(including_.begin(), including_.end(), include.text) != including_.end()) {
      return FailAt(include,
                    fmt::format("the partial {} includes itself: {} > {}", Quote(include.text),
                                fmt::join(including_, " > "), include.text));
    }
    if (including_.size() >= kMaxPartialDepth) {
      return FailAt(include, fmt::format("partials nest more than {} deep", kMaxPartialDepth));
    }
    // Counting sources, not output: partials that double at every level make no text until the
    // last.
    const std::string& source = partial->second;
    const auto lines = 1 + static_cast<std::size_t>(std::count(source.begin(), source.end(), '\n'));
    expanded_bytes_ += include.text.size() + source.size() + lines * include.indentation.size();
    if (expanded_bytes_ > kMaxExpandedBytes) {
      return Fail("", {},
                  fmt::format("its partials expand to more than {} bytes", kMaxExpandedBytes));
    }
    including_.push_back(include.text);
    Append(include.text, source, include.indentation);
    including_.pop_back();
  }

  void FailAt(const Token& token, std::string message) {
    Fail(token.partial, token.at, std::move(message));
  }
  void Fail(const std::string& partial, Location at, std::string message) {
    faults_.Add({part_, partial, at, std::move(message)});
  }

  const Content& content_;
  const Part part_;
  FaultList& faults_;
  std::vector<Token> tokens_;
  std::vector<Token> open_;  // sections, outermost first
  std::vector<std::string> including_;
  std::size_t expanded_bytes_ = 0;
  bool too_deep_ = false;
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

std::vector<Token> Expand(const Content& content, Part part, FaultList& faults) {
  Expander expander(content, part, faults);
  expander.Append("", SourceOf(content, part), "");
  return std::move(expander).Take();
}

}  // namespace lmsmail::render
