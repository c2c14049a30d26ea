#include "libs/token/key_ring.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"

#include "libs/hash/sha256.h"
#include "libs/status/error_details.h"
#include "libs/status/status_macros.h"
#include "libs/strings/encoding.h"
#include "libs/strings/view.h"

namespace lmsmail::token {
namespace {

constexpr std::size_t kMinKeySize = 32;  // bytes; the output size of SHA-256 (RFC 2104 section 3)
constexpr std::size_t kMaxId = 16;
constexpr std::size_t kMaxToken = 4096;  // of ours, payloads are recipient ids; of others, any size

bool IsKeyId(std::string_view id) {
  return !id.empty() && id.size() <= kMaxId && std::all_of(id.begin(), id.end(), [](char c) {
    return absl::ascii_isalnum(c) || c == '_' || c == '-';
  });
}

std::optional<std::string> DecodeKey(std::string_view text) {
  if (const auto key = HexDecode(text)) return key;
  // `openssl rand -base64 32` prints the other alphabet, with padding.
  std::string url_safe(text.substr(0, text.find_last_not_of('=') + 1));
  std::replace(url_safe.begin(), url_safe.end(), '+', '-');
  std::replace(url_safe.begin(), url_safe.end(), '/', '_');
  return Base64UrlDecode(url_safe);
}

// Joins parts so that different parts never give the same string.
std::string Join(std::initializer_list<std::string_view> parts) {
  std::string joined;
  for (const std::string_view part : parts) {
    const auto size = static_cast<std::uint64_t>(part.size());
    for (int shift = 56; shift >= 0; shift -= 8) {
      joined.push_back(static_cast<char>(size >> shift & 0xff));
    }
    joined += part;
  }
  return joined;
}

// Domain separation: sealing and pseudonyms share the keys, so the hashed text begins differently.
constexpr std::string_view kSealDomain = "lmsmail seal 1";
constexpr std::string_view kPseudonymDomain = "lmsmail pseudonym 1";

// The two halves of an AES-SIV key. Different secrets, ids and labels give independent keys.
std::string SealKey(std::string_view secret, std::string_view key_id) {
  return hash::HmacSha256(secret, Join({kSealDomain, key_id, "mac"})) +
         hash::HmacSha256(secret, Join({kSealDomain, key_id, "encryption"}));
}

std::string Pseudonym(std::string_view secret, std::string_view purpose, std::string_view text) {
  return HexEncode(hash::HmacSha256(secret, Join({kPseudonymDomain, purpose, text})));
}

absl::Status InvalidToken() {
  return WithReason(absl::InvalidArgumentError("the token is not valid"), {"TOKEN_INVALID", {}});
}

}  // namespace

absl::StatusOr<KeyRing::Key> KeyRing::ParseLine(std::string_view line) {
  const std::size_t colon = line.find(':');
  if (colon == std::string_view::npos) return absl::InvalidArgumentError("write \"id:key\"");
  const std::string_view id = line.substr(0, colon);
  if (!IsKeyId(id)) {
    return absl::InvalidArgumentError(
        fmt::format("the id before \":\" must be 1 to {} letters, digits, \"_\" or \"-\"", kMaxId));
  }
  std::optional<std::string> secret =
      DecodeKey(ToStd(absl::StripAsciiWhitespace(ToAbsl(line.substr(colon + 1)))));
  if (!secret) return absl::InvalidArgumentError("the key must be base64 or hex");
  if (secret->size() < kMinKeySize) {
    return absl::InvalidArgumentError(
        fmt::format("the key has {} bytes and needs at least {}; make one with \"openssl rand "
                    "-base64 {}\"",
                    secret->size(), kMinKeySize, kMinKeySize));
  }
  const Siv siv(SealKey(*secret, id));
  return Key{std::string(id), *std::move(secret), siv};
}

absl::StatusOr<KeyRing> KeyRing::Parse(std::string_view secrets) {
  Violations violations;
  std::vector<Key> keys;
  for (int number = 1; !secrets.empty(); ++number) {
    const std::size_t end = std::min(secrets.find('\n'), secrets.size());
    const std::string_view line = ToStd(absl::StripAsciiWhitespace(ToAbsl(secrets.substr(0, end))));
    secrets.remove_prefix(std::min(end + 1, secrets.size()));
    if (line.empty() || line.starts_with('#')) continue;

    const std::string field = fmt::format("line {}", number);
    absl::StatusOr<Key> key = ParseLine(line);
    if (!key.ok()) {
      violations.Add(field, std::string(key.status().message()));
    } else if (std::any_of(keys.begin(), keys.end(),
                           [&](const Key& other) { return other.id == key->id; })) {
      violations.Add(field, "an earlier line has the same id; give each key its own id");
    } else {
      keys.push_back(*std::move(key));
    }
  }
  if (keys.empty() && violations.empty()) {
    violations.Add("secrets", "hold no key; add a line \"id:key\"");
  }
  LMSMAIL_RETURN_IF_ERROR(violations.ToStatus());
  return KeyRing(std::move(keys));
}

const KeyRing::Key* KeyRing::Find(std::string_view id) const {
  const auto found =
      std::find_if(keys_.begin(), keys_.end(), [&](const Key& key) { return key.id == id; });
  return found == keys_.end() ? nullptr : &*found;
}

std::string KeyRing::Seal(std::string_view purpose, std::string_view payload) const {
  const Key& key = keys_.front();
  return fmt::format("{}.{}", key.id, Base64UrlEncode(key.siv.Seal(purpose, payload)));
}

absl::StatusOr<std::string> KeyRing::Open(std::string_view purpose, std::string_view token) const {
  const std::size_t dot = token.find('.');
  if (dot == std::string_view::npos || token.size() > kMaxToken) return InvalidToken();
  const Key* key = Find(token.substr(0, dot));
  const std::optional<std::string> sealed = Base64UrlDecode(token.substr(dot + 1));
  if (key == nullptr || !sealed) return InvalidToken();
  std::optional<std::string> payload = key->siv.Open(purpose, *sealed);
  if (!payload) return InvalidToken();
  return *std::move(payload);
}

std::string KeyRing::SealCaseless(std::string_view purpose, std::string_view payload) const {
  const Key& key = keys_.front();
  return fmt::format("{}.{}", absl::AsciiStrToLower(ToAbsl(key.id)),
                     Base32Encode(key.siv.Seal(purpose, payload)));
}

absl::StatusOr<std::string> KeyRing::OpenCaseless(std::string_view purpose,
                                                  std::string_view token) const {
  const std::size_t dot = token.find('.');
  if (dot == std::string_view::npos || token.size() > kMaxToken) return InvalidToken();
  const std::optional<std::string> sealed = Base32Decode(token.substr(dot + 1));
  if (!sealed) return InvalidToken();
  // Ids of several keys may differ in case alone.
  for (const Key& key : keys_) {
    if (!absl::EqualsIgnoreCase(ToAbsl(key.id), ToAbsl(token.substr(0, dot)))) continue;
    if (std::optional<std::string> payload = key.siv.Open(purpose, *sealed)) {
      return *std::move(payload);
    }
  }
  return InvalidToken();
}

std::string KeyRing::KeyedHash(std::string_view purpose, std::string_view text) const {
  return Pseudonym(keys_.front().secret, purpose, text);
}

std::vector<std::string> KeyRing::KeyedHashes(std::string_view purpose,
                                              std::string_view text) const {
  std::vector<std::string> hashes;
  hashes.reserve(keys_.size());
  for (const Key& key : keys_) hashes.push_back(Pseudonym(key.secret, purpose, text));
  return hashes;
}

}  // namespace lmsmail::token
