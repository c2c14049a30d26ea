#pragma once

#include <string>
#include <string_view>

// The "relaxed" canonicalization of RFC 6376 section 3.4, which keeps harmless changes by a relay
// from breaking the signature. Texts have CRLF line ends.
namespace lmsmail::dkim {

// Section 3.4.2. Appends "name:value" for one field of the message; neither has a final CRLF.
void AppendRelaxedHeader(std::string_view field, std::string& out);

// Section 3.4.4. An empty body stays empty.
std::string RelaxedBody(std::string_view body);

}  // namespace lmsmail::dkim
