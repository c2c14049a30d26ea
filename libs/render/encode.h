#pragma once

#include <string>
#include <string_view>

// How values become text.
namespace lmsmail::render {

// Escapes & < > " ' (as &#39;: HTML 4 and so some mail clients do not know &apos;) and leaves out
// the control characters that HTML forbids.
void AppendHtmlEscaped(std::string_view text, std::string& out);

// Leaves out control characters other than tab and line ends.
void AppendPlain(std::string_view text, std::string& out);

// Whole numbers without decimals, others with the fewest digits that read back as the same double.
void AppendNumber(double number, std::string& out);

// Makes `text` safe as a header's value: each run of control characters and line separators (C0,
// DEL, C1, U+2028, U+2029) becomes one space; none stays at either end.
void CollapseToOneLine(std::string& text);

}  // namespace lmsmail::render
