#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "libs/render/parser.h"
#include "libs/render/tokenizer.h"

namespace {

using namespace lmsmail::render;  // NOLINT: a program of its own

void Require(bool condition) {
  if (!condition) std::abort();
}

bool IsSection(TokenKind kind) {
  return kind == TokenKind::kSection || kind == TokenKind::kInverted;
}

}  // namespace

// The input is the source of a template.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view source(reinterpret_cast<const char*>(data), size);
  const Tokenized tokenized = Tokenize(source);
  for (const Token& token : tokenized.tokens) {
    if (token.kind == TokenKind::kText) continue;
    Require(token.location.line >= 1 && token.location.column >= 1);
    Require(!token.text.empty());
  }
  for (const SyntaxError& error : tokenized.errors) {
    Require(error.location.line >= 1 && error.location.column >= 1 && !error.message.empty());
  }
  DiagnosticList errors;
  Content content;
  content.html = source;
  int depth = 0;
  bool after_text = false;
  for (const Token& token : ParsePart(content, Part::kHtml, errors)) {
    const bool is_text = token.kind == TokenKind::kText;
    Require(!(is_text && after_text));
    after_text = is_text;
    if (IsSection(token.kind)) ++depth;
    if (token.kind == TokenKind::kClose) Require(--depth >= 0);
  }
  Require(depth == 0);
  return 0;
}
