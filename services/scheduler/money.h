#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace lmsmail::scheduler {

// An amount in the currency's smallest unit, as a number with as many decimals as the currency has
// (ISO 4217, "minor unit"): 4999 EUR is "49.99", 500 JPY "500", 1250 KWD "1.250". Currencies that
// are not known have two.
std::string FormatAmount(std::int64_t amount_minor, std::string_view currency_code);

}  // namespace lmsmail::scheduler
