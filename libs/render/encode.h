#pragma once

#include <string>
#include <string_view>

// Converts values to text.
namespace lmsmail::render {

// Escapes & < > " and ' (as &#39;, because HTML 4 and so some mail clients do not know &apos;).
// Omits the control characters that HTML forbids.
void AppendHtmlEscaped(std::string_view text, std::string& out);

// Omits control characters other than tab and line ends.
void AppendPlain(std::string_view text, std::string& out);

// Writes whole numbers without decimals, others with the fewest digits that identify the double.
void AppendNumber(double number, std::string& out);

// Makes `text` safe as the value of a header field: replaces each run of control characters and
// line separators (C0, DEL, C1, U+2028, U+2029) with one space and trims spaces at both ends.
void CollapseToOneLine(std::string& text);

}  // namespace lmsmail::render
