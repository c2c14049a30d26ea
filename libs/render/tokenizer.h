#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "libs/render/fault.h"

namespace lmsmail::render {

enum class TokenKind { kText, kVariable, kUnescaped, kSection, kInverted, kClose, kPartial };

struct Token {
  TokenKind kind = TokenKind::kText;
  std::string text;  // literal text, or the tag's name
  Location at;       // of the tag; not set for text
  // Of a partial alone on its line: the blanks before it, due before every line of the partial.
  std::string indentation;
  std::string partial;  // the partial that the token stands in; empty for the part's own source
};

struct SyntaxFault {
  Location at;
  std::string message;
};

struct Tokenized {
  std::vector<Token> tokens;
  std::vector<SyntaxFault> faults;
};

// Splits mustache (https://github.com/mustache/spec, 1.1.2) into text and tags. Comments and
// delimiter changes have had their effect and leave no token. Of a tag that stands alone on its
// line the whole line is gone, as the specification wants. After a fault, goes on where the next
// tag starts.
Tokenized Tokenize(std::string_view source);

// Dot-separated segments of letters, digits, '_' and '-'.
bool IsVariableName(std::string_view name);

}  // namespace lmsmail::render
