#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "libs/render/diagnostic.h"

namespace lmsmail::render {

enum class TokenKind { kText, kVariable, kUnescaped, kSection, kInverted, kClose };

struct Token {
  TokenKind kind = TokenKind::kText;
  std::string text;   // literal text, or the tag's name
  Location location;  // of the tag; not set for text
};

struct SyntaxError {
  Location location;
  std::string message;
};

struct Tokenized {
  std::vector<Token> tokens;
  std::vector<SyntaxError> errors;
};

// Splits mustache (https://github.com/mustache/spec, 1.1.2) into text and tags. Comments and
// delimiter changes take effect here and leave no token. A tag that stands alone on its line
// removes the whole line, as the specification says. Partials and inheritance are errors. Continues
// after an error at the next tag.
Tokenized Tokenize(std::string_view source);

// Dot-separated segments of letters, digits, '_' and '-'.
bool IsVariableName(std::string_view name);

}  // namespace lmsmail::render
