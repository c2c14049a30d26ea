#include "libs/language/language_code.h"

#include <gtest/gtest.h>

namespace lmsmail::language {
namespace {

TEST(LanguageCodeTest, AcceptsTagsOfBcp47) {
  for (const char* good : {"en", "fil", "pt-BR", "de-AT", "zh-Hant-TW", "sr-Latn-RS", "de-CH-1996",
                           "es-419", "EN-us"}) {
    EXPECT_TRUE(IsLanguageCode(good)) << good;
  }
}

TEST(LanguageCodeTest, RefusesOtherText) {
  for (const char* bad :
       {"", "e", "english", "englishes-GB", "en_US", "en-", "-en", "en--US", "12", "1n",
        "en-toolongsubtag", "en-abcdefghi", "en US", "en-US-aaaaaaaa-bbbbbbbb-cccccccc-dddddddd"}) {
    EXPECT_FALSE(IsLanguageCode(bad)) << bad;
  }
}

}  // namespace
}  // namespace lmsmail::language
