#pragma once

#include <string>
#include <string_view>

// The "relaxed" algorithms of RFC 6376 section 3.4: what of a message is signed, so that the
// harmless changes of a relay don't break the signature. Texts have CRLF line ends.
namespace lmsmail::dkim {

// Section 3.4.2, for one field as it stands in the message, without its last CRLF: "name:value",
// also without CRLF.
void AppendRelaxedHeader(std::string_view field, std::string& out);

// Section 3.4.4. An empty body stays empty.
std::string RelaxedBody(std::string_view body);

}  // namespace lmsmail::dkim
