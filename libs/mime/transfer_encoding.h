#pragma once

#include <string>
#include <string_view>

// The two encodings of RFC 2045 that carry any text over a 7-bit path in lines of at most 76
// characters. Line ends of the text (CRLF, LF or CR) become CRLF (RFC 2046 section 4.1.1).
namespace lmsmail::mime {

enum class TransferEncoding { kQuotedPrintable, kBase64 };

// The encoding with the shorter result for `text`.
TransferEncoding ShorterEncoding(std::string_view text);
std::string_view TransferEncodingName(TransferEncoding encoding);

// In addition to RFC 2045 section 6.7, encodes "." and "From " at the start of a line, so that
// neither a faulty relay nor an mbox file changes the text and breaks its signature. The output
// never contains
// "=_", so that a boundary "=_..." cannot occur in a part.
void AppendQuotedPrintable(std::string_view text, std::string& out);

void AppendBase64(std::string_view text, std::string& out);
// RFC 4648 section 4, without line breaks.
void AppendBase64Unbroken(std::string_view octets, std::string& out);

}  // namespace lmsmail::mime
