#pragma once

#include <cstddef>
#include <vector>

#include "libs/render/content.h"
#include "libs/render/fault.h"
#include "libs/render/tokenizer.h"

namespace lmsmail::render {

// The tokens of `part` with its partials in place and every section closed, also where `faults` now
// says that one is not: what follows may rely on the nesting. No two texts are neighbours.
//
// Faults: syntax, sections that do not match or nest too deep, partials that are unknown, include
// themselves or blow up, sources too large or not UTF-8.
std::vector<Token> Expand(const Content& content, Part part, FaultList& faults);

}  // namespace lmsmail::render
