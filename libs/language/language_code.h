#pragma once

#include <string_view>

namespace lmsmail::language {

// Whether `code` has the shape of a BCP 47 tag (RFC 5646 section 2.1), such as "en", "pt-BR" or
// "zh-Hant-TW": a language of two or three letters, then subtags of up to eight letters and digits.
// Whether it is registered is not asked.
bool IsLanguageCode(std::string_view code);

}  // namespace lmsmail::language
