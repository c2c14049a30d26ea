#include "services/gateway/pages/texts.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "embedded/lmsmail_gateway_pages.h"

#include "libs/testing/status_matchers.h"

namespace lmsmail::gateway {
namespace {

using ::testing::HasSubstr;

std::string Filled(std::string_view text) {
  return Language{"en", "ltr", {{"key", std::string(text)}}}.Text("key", "S", "C");
}

bool Has(std::string_view text, std::string_view part) {
  return text.find(part) != std::string_view::npos;
}

TEST(TextsTest, EveryLanguageHasEveryTextWithTheSamePlaceholders) {
  ASSERT_OK_AND_ASSIGN(const Texts texts, Texts::Parse(kTextsYaml));
  ASSERT_EQ(texts.languages().size(), 5);
  const Language& english = texts.languages().front();
  EXPECT_GT(english.texts.size(), 30);
  for (const Language& language : texts.languages()) {
    ASSERT_EQ(language.texts.size(), english.texts.size()) << language.code;
    for (const auto& [key, text] : language.texts) {
      for (const char* placeholder : {"{school}", "{category}"}) {
        EXPECT_EQ(Has(text, placeholder), Has(english.texts.at(key), placeholder))
            << key << ' ' << language.code;
      }
      EXPECT_FALSE(Has(Filled(text), "{")) << key << ' ' << language.code;
    }
  }
}

TEST(TextsTest, NamesTheTextThatALanguageLacks) {
  EXPECT_THAT(Texts::Parse("a: {en: x, de: x, es: x, fr: x}"),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("a must have 5")));
  EXPECT_THAT(Texts::Parse("a: {en: x, de: x, es: x, fr: x, it: x}"),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("a lacks ar")));
  EXPECT_THAT(Texts::Parse("a: {"), StatusIs(absl::StatusCode::kInvalidArgument));
}

TEST(TextsTest, ChoosesTheClosestLanguage) {
  ASSERT_OK_AND_ASSIGN(const Texts texts, Texts::Parse(kTextsYaml));
  EXPECT_EQ(texts.For("de-CH").code, "de");
  EXPECT_EQ(texts.For("ar").direction, "rtl");
  EXPECT_EQ(texts.For("pt-BR").code, "en");
  EXPECT_EQ(texts.For("").code, "en");
  EXPECT_EQ(texts.Accepted("pt, fr-CA;q=0.8, de").code, "fr");
  EXPECT_EQ(texts.Accepted("*").code, "en");
  EXPECT_EQ(texts.Accepted(std::string(100'000, ',') + "de").code, "en");
}

TEST(TextsTest, FillsInValuesAsTheyAre) { EXPECT_EQ(Filled("{school}: {category}"), "S: C"); }

}  // namespace
}  // namespace lmsmail::gateway
