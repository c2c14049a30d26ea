#pragma once

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>

namespace lmsmail::hash {

// 32 raw bytes.
std::string Sha256(std::string_view bytes);
// Of the parts one after the other.
std::string Sha256(std::initializer_list<std::string_view> parts);
// 64 lower-case hex digits.
std::string Sha256Hex(std::string_view bytes);

// The first 8 bytes of SHA-256, big-endian, as an int8 of the database. Shows whether two requests
// with the same id have the same body. For honest callers only: an attacker can find two bodies
// with the same 64 bits.
std::int64_t Digest64(std::string_view bytes);

// HMAC-SHA256 (RFC 2104), 32 raw bytes.
std::string HmacSha256(std::string_view key, std::string_view bytes);

// Whether two byte strings are equal. The time depends on their sizes only.
bool ConstantTimeEquals(std::string_view a, std::string_view b);

}  // namespace lmsmail::hash
