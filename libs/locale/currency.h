#pragma once

#include <string_view>

namespace lmsmail::locale {

// Whether `code` has the form of an ISO 4217 code: three letters from A to Z.
bool IsCurrencyCode(std::string_view code);

// The decimals that ISO 4217 ("minor unit") gives the currency; 2 for an unknown one. CLDR's are
// those in daily use, which are fewer for some currencies, so they cannot say what an amount in
// minor units is.
int MinorUnitDigits(std::string_view code);

}  // namespace lmsmail::locale
