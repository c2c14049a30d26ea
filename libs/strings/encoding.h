#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace lmsmail {

// RFC 4648 section 5, without padding. Decoding is strict: every byte string has exactly one
// spelling, and padding, blanks, other alphabets and stray bits are refused.
std::string Base64UrlEncode(std::string_view bytes);
std::optional<std::string> Base64UrlDecode(std::string_view text);

// RFC 4648 section 6, in lower case and without padding, for places that may change the case of
// letters. Decoding accepts both cases and is as strict otherwise.
std::string Base32Encode(std::string_view bytes);
std::optional<std::string> Base32Decode(std::string_view text);

// Lower case. Decoding accepts both cases.
std::string HexEncode(std::string_view bytes);
std::optional<std::string> HexDecode(std::string_view text);

}  // namespace lmsmail
