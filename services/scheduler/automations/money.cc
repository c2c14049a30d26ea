#include "services/scheduler/automations/money.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

namespace lmsmail::scheduler {
namespace {

// The currencies of ISO 4217 list one whose minor unit is not 2.
constexpr std::string_view kNone[] = {"BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG",
                                      "RWF", "UGX", "UYI", "VND", "VUV", "XAF", "XOF", "XPF"};
constexpr std::string_view kThree[] = {"BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"};
constexpr std::string_view kFour[] = {"CLF", "UYW"};

template <std::size_t N>
bool Contains(const std::string_view (&codes)[N], std::string_view code) {
  return std::ranges::find(codes, code) != std::end(codes);
}

int Decimals(std::string_view code) {
  if (Contains(kNone, code)) return 0;
  if (Contains(kThree, code)) return 3;
  return Contains(kFour, code) ? 4 : 2;
}

}  // namespace

std::string FormatAmount(std::int64_t amount_minor, std::string_view currency_code) {
  const int decimals = Decimals(currency_code);
  if (decimals == 0) return fmt::format("{}", amount_minor);
  std::uint64_t unit = 1;
  for (int i = 0; i < decimals; ++i) unit *= 10;
  const bool negative = amount_minor < 0;
  const std::uint64_t magnitude = negative ? ~static_cast<std::uint64_t>(amount_minor) + 1
                                           : static_cast<std::uint64_t>(amount_minor);
  return fmt::format("{}{}.{:0{}}", negative ? "-" : "", magnitude / unit, magnitude % unit,
                     decimals);
}

}  // namespace lmsmail::scheduler
