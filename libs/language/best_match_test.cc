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

TEST(BestMatchTest, ComparesWholeSubtags) { EXPECT_EQ(Best({{"en"}, {"fil"}}, "fi"), "en"); }

}  // namespace
}  // namespace lmsmail::language
