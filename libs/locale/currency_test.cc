#include "libs/locale/currency.h"

#include <gtest/gtest.h>

namespace lmsmail::locale {
namespace {

TEST(CurrencyTest, HasTheMinorUnitOfIso4217) {
  EXPECT_EQ(MinorUnitDigits("EUR"), 2);
  EXPECT_EQ(MinorUnitDigits("JPY"), 0);
  EXPECT_EQ(MinorUnitDigits("KWD"), 3);
  EXPECT_EQ(MinorUnitDigits("CLF"), 4);
  // CLDR writes these without decimals.
  EXPECT_EQ(MinorUnitDigits("IQD"), 3);
  EXPECT_EQ(MinorUnitDigits("AFN"), 2);
  EXPECT_EQ(MinorUnitDigits("ZZZ"), 2);
}

TEST(CurrencyTest, IsThreeCapitals) {
  EXPECT_TRUE(IsCurrencyCode("EUR"));
  for (const char* bad : {"", "eur", "EU", "EURO", "E R", "€"}) EXPECT_FALSE(IsCurrencyCode(bad));
}

}  // namespace
}  // namespace lmsmail::locale
