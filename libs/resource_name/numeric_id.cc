#include "libs/resource_name/numeric_id.h"

#include <cstddef>

namespace lmsmail::resource_name {
namespace {

constexpr std::string_view kAlphabet = "0123456789abcdefghjkmnpqrstvwxyz";
constexpr std::size_t kIdDigits = 13;  // 5 bits each for 64 bits

}  // namespace

std::string EncodeId(std::int64_t id) {
  std::string text(kIdDigits, '0');
  auto rest = static_cast<std::uint64_t>(id);
  for (std::size_t i = kIdDigits; i-- > 0; rest >>= 5) text[i] = kAlphabet[rest & 31];
  return text;
}

std::optional<std::int64_t> DecodeId(std::string_view text) {
  if (text.size() != kIdDigits || text.front() > '7') return std::nullopt;
  std::uint64_t id = 0;
  for (const char c : text) {
    const std::size_t digit = kAlphabet.find(c);
    if (digit == std::string_view::npos) return std::nullopt;
    id = id << 5 | digit;
  }
  if (id == 0 || id > static_cast<std::uint64_t>(INT64_MAX)) return std::nullopt;
  return static_cast<std::int64_t>(id);
}

}  // namespace lmsmail::resource_name
