#pragma once

#include <vector>

#include "libs/render/content.h"
#include "libs/render/diagnostic.h"
#include "libs/render/tokenizer.h"

namespace lmsmail::render {

// The tokens of `part`. Every section is closed, also where `errors` reports that it is not:
// callers may rely on the nesting. No two text tokens are adjacent.
//
// Reports syntax errors, sections that do not match or nest too deep, and sources that are too
// large or not UTF-8.
std::vector<Token> ParsePart(const Content& content, Part part, DiagnosticList& errors);

}  // namespace lmsmail::render
