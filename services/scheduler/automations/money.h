#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace lmsmail::scheduler {

// Formats an amount in the currency's smallest unit as a number with the decimals that ISO 4217
// ("minor unit") gives the currency: 4999 EUR is "49.99", 500 JPY is "500", 1250 KWD is "1.250". An
// unknown currency has two decimals.
std::string FormatAmount(std::int64_t amount_minor, std::string_view currency_code);

}  // namespace lmsmail::scheduler
