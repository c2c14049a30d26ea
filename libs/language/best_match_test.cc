#include "libs/language/best_match.h"

#include <gtest/gtest.h>

namespace lmsmail::language {
namespace {

struct Text {
  std::string code;
};

std::string Best(const std::vector<Text>& texts, std::string_view code) {
  return BestMatch(texts, &Text::code, code).code;
}

TEST(BestMatchTest, PrefersExactThenGeneralThenSiblingThenFirst) {
  EXPECT_EQ(Best({{"en"}, {"pt-PT"}, {"pt"}, {"pt-BR"}}, "pt-BR"), "pt-BR");
  EXPECT_EQ(Best({{"en"}, {"pt-PT"}, {"pt"}}, "pt-BR"), "pt");
  EXPECT_EQ(Best({{"en"}, {"pt-PT"}, {"pt-AO"}}, "pt-BR"), "pt-PT");
  EXPECT_EQ(Best({{"en"}, {"pt-PT"}}, "pt"), "pt-PT");
  EXPECT_EQ(Best({{"en"}, {"de"}}, "pt-BR"), "en");
  EXPECT_EQ(Best({{"en"}, {"de"}}, ""), "en");
}

TEST(BestMatchTest, IgnoresCase) {
  EXPECT_EQ(Best({{"en"}, {"pt-br"}}, "PT-BR"), "pt-br");
  EXPECT_EQ(Best({{"en"}, {"PT"}}, "pt-BR"), "PT");
}

TEST(BestMatchTest, FollowsTheParentsOfCldr) {
  EXPECT_EQ(Best({{"en"}, {"es"}, {"es-419"}}, "es-MX"), "es-419");
  EXPECT_EQ(Best({{"en"}, {"es-419"}, {"es"}}, "es-ES"), "es");
  EXPECT_EQ(Best({{"de"}, {"en"}, {"en-GB"}, {"en-001"}}, "en-NZ"), "en-001");
  EXPECT_EQ(Best({{"en"}, {"pt"}, {"pt-PT"}}, "pt-AO"), "pt-PT");
  EXPECT_EQ(Best({{"en"}, {"zh"}, {"zh-Hant"}}, "zh-Hant-HK"), "zh-Hant");
  EXPECT_EQ(Best({{"en"}, {"zh"}, {"zh-TW"}}, "zh-HK"), "zh-TW");
  EXPECT_EQ(Best({{"en"}, {"zh-Hant"}, {"zh-HK"}}, "zh-MO"), "zh-HK");
  EXPECT_EQ(Best({{"en"}, {"no"}}, "nb"), "no");
  EXPECT_EQ(Best({{"en"}, {"nb"}}, "no"), "nb");
  EXPECT_EQ(Best({{"fr"}, {"de"}}, "de-AT"), "de");
}

TEST(BestMatchTest, DoesNotReplaceAScriptByAnother) {
  EXPECT_EQ(Best({{"en"}, {"zh"}}, "zh-Hant-HK"), "en");
  EXPECT_EQ(Best({{"en"}, {"zh-TW"}}, "zh"), "en");
  EXPECT_EQ(Best({{"en"}, {"sr"}}, "sr-Latn"), "en");
}

TEST(BestMatchTest, TakesTheRegionOfALanguageInGeneral) {
  EXPECT_EQ(Best({{"en"}, {"de-DE"}}, "de-AT"), "de-DE");
  EXPECT_EQ(Best({{"en"}, {"zh-Hans-CN"}}, "zh-SG"), "zh-Hans-CN");
}

TEST(BestMatchTest, ComparesWholeSubtags) { EXPECT_EQ(Best({{"en"}, {"fil"}}, "fi"), "en"); }

}  // namespace
}  // namespace lmsmail::language
