#pragma once

#include <optional>
#include <string_view>

namespace lmsmail::language {

// Whether `code` has the form of a BCP 47 tag (RFC 5646 section 2.1), such as "en", "pt-BR" or
// "zh-Hant-TW": a language of two or three letters, then subtags of up to eight letters and digits.
// Does not check that the tag is registered.
bool IsLanguageCode(std::string_view code);

// How far text in the language `offered` is from what a reader of `wanted` reads; nullopt for a
// language that cannot replace it. CLDR's parent locales decide: "es-MX" is followed by "es-419"
// and "es", and "zh-Hant-HK" by "zh-Hant", but not by "zh". Any other variety of the same language
// in the same script is the farthest. Case does not matter. The languages asked for are cached per
// thread.
std::optional<int> Distance(std::string_view offered, std::string_view wanted);

// Whether text in `offered` is what a reader of `wanted` reads, or one of its CLDR parents.
bool IsSameOrParent(std::string_view offered, std::string_view wanted);

// Whether the language is written from right to left.
bool IsRightToLeft(std::string_view code);

}  // namespace lmsmail::language
