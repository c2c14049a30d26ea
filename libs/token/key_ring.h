#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"

namespace lmsmail::token {

// The secret keys behind links and pseudonyms. Keys are rotated by adding a new first line to the
// secrets file: the first key signs, all of them verify, and a key is removed once nothing that it
// signed matters.
//
// A purpose ("unsubscribe", "click", "suppression") keeps one use from being passed off as another:
// what was signed for one purpose verifies for that one only. Immutable, so thread-safe.
class KeyRing {
 public:
  // Lines "id:key"; blank lines and those that start with "#" do not count. An id is 1 to 16 of
  // [A-Za-z0-9_-] and shows in tokens; a key is at least 32 bytes as base64 (of either alphabet) or
  // as hex (taken for hex when it has hex digits only). Errors name lines and never quote them.
  static absl::StatusOr<KeyRing> Parse(std::string_view secrets);

  // "kid.payload.mac": safe in URLs and visible to whoever holds it, so a payload must not be a
  // secret. The MAC is HMAC-SHA256 cut to 16 bytes (RFC 2104 section 5).
  std::string Sign(std::string_view purpose, std::string_view payload) const;

  // The payload of a token made by Sign() with the same purpose and a key of this ring. Anything
  // else gets the same INVALID_ARGUMENT with the reason TOKEN_INVALID, whatever is wrong with it.
  absl::StatusOr<std::string> Verify(std::string_view purpose, std::string_view token) const;

  // A pseudonym: 64 hex digits that cannot be turned back into `text` without the key, not even by
  // trying all likely texts, as could be done with a bare hash of an email address. Store this one.
  std::string KeyedHash(std::string_view purpose, std::string_view text) const;
  // The pseudonyms by every key, first KeyedHash()'s: look for any of them, so that what was stored
  // before a rotation is still found.
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
