#pragma once

#include <string_view>

namespace lmsmail::language {

// Whether `code` has the form of a BCP 47 tag (RFC 5646 section 2.1), such as "en", "pt-BR" or
// "zh-Hant-TW": a language of two or three letters, then subtags of up to eight letters and digits.
// Does not check that the tag is registered.
bool IsLanguageCode(std::string_view code);

// How well text in the language `offered` serves a reader of `wanted`. Ascending.
enum class Closeness {
  kNone,
  kSameLanguage,  // "pt-PT" for "pt-BR": the primary subtags are the same
  kGeneral,       // "pt" for "pt-BR"
  kExact,
};
// Case does not matter.
Closeness ClosenessOf(std::string_view offered, std::string_view wanted);

}  // namespace lmsmail::language
