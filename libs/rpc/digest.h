#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace lmsmail::rpc {

inline constexpr std::size_t kDigestBytes = 12;

// The first kDigestBytes of SHA-256: the same on every replica and in every version.
std::string Sha256Prefix(std::string_view text);

}  // namespace lmsmail::rpc
