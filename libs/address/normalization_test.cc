#include "libs/address/normalization.h"

#include <gtest/gtest.h>

#include "libs/address/email_address.h"

namespace lmsmail::address {
namespace {

std::string Canonical(std::string_view address) {
  return CanonicalForm(ParseEmailAddress(address).value());
}

TEST(FoldCaseTest, UnifiesCompositionAndCase) {
  const std::string composed = "j\u00f6rg";
  EXPECT_EQ(FoldCase("jo\u0308rg"), composed);
  EXPECT_EQ(FoldCase("J\u00d6RG"), composed);
  EXPECT_EQ(FoldCase("JO\u0308RG"), composed);
  EXPECT_EQ(FoldCase("ΣΊΣΥΦΟΣ"), FoldCase("σίσυφος"));
  EXPECT_EQ(FoldCase("ИВАН"), "иван");
  EXPECT_EQ(FoldCase("İREM"), "irem");
  EXPECT_EQ(FoldCase("用户"), "用户");
  for (const char* const text : {"Σς", "ẞß", "Ⱥ", "ǅ", "\u1e9e\u0323\u0307", "İ\u0307"}) {
    EXPECT_EQ(FoldCase(FoldCase(text)), FoldCase(text)) << text;
  }
}

TEST(CanonicalFormTest, SpellingsOfAnInternationalAddressAreOneAddress) {
  EXPECT_EQ(Canonical("J\u00d6RG@example.com"), Canonical("jo\u0308rg@EXAMPLE.com"));
  EXPECT_EQ(Canonical("Éléonore@example.com"), Canonical("e\u0301le\u0301onore@example.com"));
  EXPECT_NE(Canonical("jorg@example.com"), Canonical("j\u00f6rg@example.com"));
}

TEST(WithoutInvisibleTest, RemovesWhatNobodySees) {
  EXPECT_EQ(WithoutInvisible("\ufeffAmira\u200b Had\u00addad\u200f"), "Amira Haddad");
  EXPECT_EQ(WithoutInvisible("\u202eAmira\u202c"), "Amira");
  EXPECT_EQ(WithoutInvisible("\u200dAmira\u200d"), "Amira");
  EXPECT_EQ(WithoutInvisible("\u200b"), "");
  EXPECT_EQ(WithoutInvisible("نگار می\u200cخواهم"), "نگار می\u200cخواهم");
  EXPECT_EQ(WithoutInvisible("Amira\n"), "Amira\n") << "control characters are not its business";
  EXPECT_EQ(WithoutInvisible("\xff\u200b"), "\xff\u200b");
}

}  // namespace
}  // namespace lmsmail::address
