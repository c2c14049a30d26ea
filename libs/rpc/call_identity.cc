#include "libs/rpc/call_identity.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>

#include "absl/random/random.h"

namespace lmsmail::rpc {
namespace {

std::uint64_t Random() {
  thread_local absl::BitGen generator;
  return absl::Uniform<std::uint64_t>(generator);
}

std::string RandomHex128() { return fmt::format("{:016x}{:016x}", Random(), Random()); }

bool IsLowerHex(std::string_view text) {
  return std::ranges::all_of(
      text, [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
}

bool IsZero(std::string_view hex) { return hex.find_first_not_of('0') == std::string_view::npos; }

// version "-" trace-id "-" parent-id "-" flags; only version 00 is defined.
bool IsTraceparent(std::string_view text) {
  return text.size() == 55 && text.starts_with("00-") && text[35] == '-' && text[52] == '-' &&
         IsLowerHex(text.substr(3, 32)) && !IsZero(text.substr(3, 32)) &&
         IsLowerHex(text.substr(36, 16)) && !IsZero(text.substr(36, 16)) &&
         IsLowerHex(text.substr(53, 2));
}

}  // namespace

std::string NewRequestId() { return RandomHex128(); }

bool IsValidRequestId(std::string_view id) {
  return !id.empty() && id.size() <= 128 &&
         std::ranges::all_of(id, [](char c) { return c > ' ' && c <= '~'; });
}

std::string ChildTraceparent(std::string_view parent) {
  if (!IsTraceparent(parent)) return fmt::format("00-{}-{:016x}-00", RandomHex128(), Random());
  return fmt::format("{}{:016x}{}", parent.substr(0, 36), Random(), parent.substr(52));
}

}  // namespace lmsmail::rpc
