#include "libs/locale/currency.h"

#include <algorithm>
#include <iterator>

namespace lmsmail::locale {
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

}  // namespace

bool IsCurrencyCode(std::string_view code) {
  return code.size() == 3 && std::ranges::all_of(code, [](char c) { return c >= 'A' && c <= 'Z'; });
}

int MinorUnitDigits(std::string_view code) {
  if (Contains(kNone, code)) return 0;
  if (Contains(kThree, code)) return 3;
  return Contains(kFour, code) ? 4 : 2;
}

}  // namespace lmsmail::locale
