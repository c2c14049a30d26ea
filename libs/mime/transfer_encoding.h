#pragma once

#include <string>
#include <string_view>

// The two encodings of RFC 2045 that carry any text over a 7-bit path in lines of at most 76
// characters. Line ends of the text, be they CRLF, LF or CR, become CRLF (RFC 2046 section 4.1.1).
namespace lmsmail::mime {

enum class TransferEncoding { kQuotedPrintable, kBase64 };

// The one that makes `text` shorter.
TransferEncoding ShorterEncoding(std::string_view text);
std::string_view TransferEncodingName(TransferEncoding encoding);

// Beyond RFC 2045 section 6.7: "." and "From " at the start of a line are encoded, so that neither
// a careless relay nor an mbox file can change the text and break its signature. The output never
// holds "=_", which is what makes "=_..." a boundary that no part can contain.
void AppendQuotedPrintable(std::string_view text, std::string& out);

void AppendBase64(std::string_view text, std::string& out);
// The alphabet of RFC 4648 section 4 without line breaks.
void AppendBase64Unbroken(std::string_view octets, std::string& out);

}  // namespace lmsmail::mime
