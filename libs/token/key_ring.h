#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"

namespace lmsmail::token {

// The secret keys of links and pseudonyms. The first key signs and all keys verify. To rotate keys,
// add a new first line to the secrets. Remove a key when nothing that it signed is in use any more.
//
// A token that was signed for one purpose ("unsubscribe", "click") does not verify for another.
// Immutable and therefore thread-safe.
class KeyRing {
 public:
  // Reads lines "id:key". Skips blank lines and lines that start with "#". An id is 1 to 16 of
  // [A-Za-z0-9_-] and is visible in tokens. A key has at least 32 bytes, written as base64 (of
  // either alphabet) or, when it has hex digits only, as hex. Errors name lines and never quote
  // them.
  static absl::StatusOr<KeyRing> Parse(std::string_view secrets);

  // Returns "key-id.payload.mac", which is safe in URLs. The payload is readable in the token, so
  // it must not be secret. The MAC is HMAC-SHA256 truncated to 16 bytes (RFC 2104 section 5).
  std::string Sign(std::string_view purpose, std::string_view payload) const;

  // Returns the payload of a token that Sign() made with the same purpose and a key of this ring.
  // Returns the same INVALID_ARGUMENT with the reason TOKEN_INVALID for every other text.
  absl::StatusOr<std::string> Verify(std::string_view purpose, std::string_view token) const;

  // A pseudonym of 64 hex digits, made with the first key; this is the one to store. Without the
  // key nobody can find `text`, not even by trying likely texts as with a plain hash of an address.
  std::string KeyedHash(std::string_view purpose, std::string_view text) const;
  // The pseudonyms by all keys, in order. Search for any of them to find what was stored before a
  // rotation.
  std::vector<std::string> KeyedHashes(std::string_view purpose, std::string_view text) const;

 private:
  struct Key {
    std::string id;
    std::string secret;
  };

  explicit KeyRing(std::vector<Key> keys) : keys_(std::move(keys)) {}
  const Key* Find(std::string_view id) const;
  static absl::StatusOr<Key> ParseLine(std::string_view line);

  std::vector<Key> keys_;  // never empty
};

}  // namespace lmsmail::token
