#include "libs/strings/encoding.h"

#include <algorithm>
#include <cstdint>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"

#include "libs/strings/view.h"

namespace lmsmail {
namespace {

constexpr std::string_view kBase32 = "abcdefghijklmnopqrstuvwxyz234567";

}  // namespace

std::string Base64UrlEncode(std::string_view bytes) {
  return absl::WebSafeBase64Escape(ToAbsl(bytes));
}

std::optional<std::string> Base64UrlDecode(std::string_view text) {
  std::string bytes;
  // Abseil accepts several spellings of the same bytes.
  if (!absl::WebSafeBase64Unescape(ToAbsl(text), &bytes) || Base64UrlEncode(bytes) != text) {
    return std::nullopt;
  }
  return bytes;
}

std::string Base32Encode(std::string_view bytes) {
  std::string text;
  text.reserve((bytes.size() * 8 + 4) / 5);
  std::uint32_t pending = 0;  // its last `bits` bits are not encoded yet
  int bits = 0;
  for (const char byte : bytes) {
    pending = pending << 8 | static_cast<unsigned char>(byte);
    for (bits += 8; bits >= 5; bits -= 5) text.push_back(kBase32[pending >> (bits - 5) & 31]);
  }
  if (bits > 0) text.push_back(kBase32[pending << (5 - bits) & 31]);
  return text;
}

std::optional<std::string> Base32Decode(std::string_view text) {
  std::string bytes;
  bytes.reserve(text.size() * 5 / 8);
  std::uint32_t pending = 0;
  int bits = 0;
  for (const char c : text) {
    const std::size_t digit = kBase32.find(absl::ascii_tolower(static_cast<unsigned char>(c)));
    if (digit == std::string_view::npos) return std::nullopt;
    pending = pending << 5 | static_cast<std::uint32_t>(digit);
    bits += 5;
    if (bits < 8) continue;
    bits -= 8;
    bytes.push_back(static_cast<char>(pending >> bits & 0xff));
  }
  // A superfluous digit, or bits that encoding leaves zero.
  if (bits >= 5 || (pending & ((1u << bits) - 1)) != 0) return std::nullopt;
  return bytes;
}

std::string HexEncode(std::string_view bytes) { return absl::BytesToHexString(ToAbsl(bytes)); }

std::optional<std::string> HexDecode(std::string_view text) {
  if (text.size() % 2 != 0 || !std::ranges::all_of(text, absl::ascii_isxdigit)) {
    return std::nullopt;
  }
  return absl::HexStringToBytes(ToAbsl(text));
}

}  // namespace lmsmail
