#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace lmsmail::language {

// What CLDR says about a language. Codes are in ICU's form with the fewest subtags: "pt" for
// "pt-BR", "zh_TW" for "zh-Hant".
struct Fallback {
  std::vector<std::string> chain;  // the language, then its parents; empty for no language code
  std::string written;             // language and script, "zh_Hant"
};

// `code` is a BCP 47 tag. Takes microseconds, so callers cache it.
Fallback FallbackOf(std::string_view code);

}  // namespace lmsmail::language
