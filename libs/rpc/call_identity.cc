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

}  // namespace

std::string NewRequestId() { return RandomHex128(); }

bool IsValidRequestId(std::string_view id) {
  return !id.empty() && id.size() <= 128 &&
         std::ranges::all_of(id, [](char c) { return c > ' ' && c <= '~'; });
}

}  // namespace lmsmail::rpc
