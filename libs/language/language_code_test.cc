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

TEST(LanguageCodeTest, KnowsTheDirectionOfScripts) {
  for (const char* right : {"ar", "he", "fa-IR", "ur", "az-Arab"}) {
    EXPECT_TRUE(IsRightToLeft(right)) << right;
  }
  for (const char* left : {"", "en", "de", "az", "zh-Hant"}) EXPECT_FALSE(IsRightToLeft(left));
}

TEST(LanguageCodeTest, TellsParentsFromOtherVarieties) {
  EXPECT_TRUE(IsSameOrParent("es", "es-MX"));
  EXPECT_TRUE(IsSameOrParent("en", "en-GB"));
  EXPECT_FALSE(IsSameOrParent("en-GB", "en-US"));
  EXPECT_FALSE(IsSameOrParent("en", "de"));
  EXPECT_FALSE(IsSameOrParent("en", ""));
}

}  // namespace
}  // namespace lmsmail::language
