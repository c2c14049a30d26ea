#include "libs/language/fallback.h"

#include <unicode/locid.h>
#include <unicode/ures.h>

#include <algorithm>
#include <map>
#include <memory>

#include "libs/language/language_code.h"

namespace lmsmail::language {
namespace {

using Bundle = std::unique_ptr<UResourceBundle, decltype(&ures_close)>;

constexpr char kRoot[] = "root";

std::string TextOf(UResourceBundle& bundle, int32_t index, UErrorCode& status) {
  int32_t length = 0;
  const char16_t* text = ures_getStringByIndex(&bundle, index, &length, &status);
  std::string out;
  if (U_SUCCESS(status)) icu::UnicodeString(text, length).toUTF8String(out);
  return out;
}

// The locales whose parent is not themselves without their last subtag. Empty if ICU has no data,
// which leaves that rule.
std::map<std::string, std::string, std::less<>> ReadParents() {
  std::map<std::string, std::string, std::less<>> parents;
  UErrorCode status = U_ZERO_ERROR;
  const Bundle data(ures_openDirect(nullptr, "supplementalData", &status), ures_close);
  const Bundle table(ures_getByKey(data.get(), "parentLocales", nullptr, &status), ures_close);
  while (U_SUCCESS(status) && ures_hasNext(table.get())) {
    const Bundle entry(ures_getNextResource(table.get(), nullptr, &status), ures_close);
    for (int32_t i = 0; U_SUCCESS(status) && i < ures_getSize(entry.get()); ++i) {
      const std::string child = TextOf(*entry, i, status);
      if (U_SUCCESS(status)) parents.emplace(child, ures_getKey(entry.get()));
    }
  }
  return parents;
}

std::string ParentOf(std::string_view name) {
  static const std::map<std::string, std::string, std::less<>> parents = ReadParents();
  if (const auto it = parents.find(name); it != parents.end()) return it->second;
  const std::size_t last = name.rfind('_');
  return last == std::string_view::npos ? kRoot : std::string(name.substr(0, last));
}

icu::Locale WithLikelySubtags(const icu::Locale& locale) {
  icu::Locale full = locale;
  UErrorCode status = U_ZERO_ERROR;
  full.addLikelySubtags(status);
  return full;
}

std::string FewestSubtags(const std::string& name) {
  icu::Locale locale(name.c_str());
  UErrorCode status = U_ZERO_ERROR;
  locale.minimizeSubtags(status);
  return locale.getBaseName();
}

// CLDR names a locale's script only where the language has another one in general: "de_AT", but
// "zh_Hant_HK".
std::string NameInCldr(const icu::Locale& locale, const icu::Locale& full) {
  const icu::Locale general = WithLikelySubtags(icu::Locale(locale.getLanguage()));
  std::string name = locale.getLanguage();
  const std::string_view script = full.getScript();
  if (!script.empty() && script != general.getScript()) (name += '_') += script;
  for (const std::string_view part : {locale.getCountry(), locale.getVariant()}) {
    if (!part.empty()) (name += '_') += part;
  }
  return name;
}

}  // namespace

Fallback FallbackOf(std::string_view code) {
  Fallback fallback;
  if (!IsLanguageCode(code)) return fallback;
  UErrorCode status = U_ZERO_ERROR;
  const icu::Locale locale = icu::Locale::forLanguageTag(
      icu::StringPiece(code.data(), static_cast<int32_t>(code.size())), status);
  if (U_FAILURE(status)) return fallback;
  const icu::Locale full = WithLikelySubtags(locale);
  fallback.written = std::string(full.getLanguage()) + '_' + full.getScript();
  for (std::string name = NameInCldr(locale, full); name != kRoot; name = ParentOf(name)) {
    std::string shortest = FewestSubtags(name);
    if (std::ranges::find(fallback.chain, shortest) == fallback.chain.end()) {
      fallback.chain.push_back(std::move(shortest));
    }
  }
  return fallback;
}

}  // namespace lmsmail::language
