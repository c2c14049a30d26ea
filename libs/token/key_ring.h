#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"

#include "libs/token/siv.h"

namespace lmsmail::token {

// The secret keys of links and pseudonyms. The first key seals and all keys open. To rotate keys,
// add a new first line to the secrets. Remove a key when nothing that it sealed is in use any more.
//
// A token that was sealed for one purpose ("unsubscribe", "click") does not open for another.
// Immutable and therefore thread-safe.
class KeyRing {
 public:
  // Reads lines "id:key". Skips blank lines and lines that start with "#". An id is 1 to 16 of
  // [A-Za-z0-9_-] and is visible in tokens. A key has at least 32 bytes, written as base64 (of
  // either alphabet) or, when it has hex digits only, as hex. Errors name lines and never quote
  // them.
  static absl::StatusOr<KeyRing> Parse(std::string_view secrets);

  // Returns "key-id.text", which is safe in URLs. Without the key nobody can read the payload,
  // change it or make such a token. The same payload gives the same token as long as the first key
  // is the same. Neither argument may be empty; a payload has at most 2000 bytes.
  std::string Seal(std::string_view purpose, std::string_view payload) const;

  // Returns the payload of a token that Seal() made with the same purpose and a key of this ring.
  // Returns the same INVALID_ARGUMENT with the reason TOKEN_INVALID for every other text.
  absl::StatusOr<std::string> Open(std::string_view purpose, std::string_view token) const;

  // The same in lower case and without regard to case, where a token may pass through programs that
  // change it, as the local part of an address does. Its size is that of the key id, 1, and 8 for
  // each 5 bytes of the payload and 16 more.
  std::string SealCaseless(std::string_view purpose, std::string_view payload) const;
  absl::StatusOr<std::string> OpenCaseless(std::string_view purpose, std::string_view token) const;

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
    Siv siv;  // its key is derived from the secret
  };

  explicit KeyRing(std::vector<Key> keys) : keys_(std::move(keys)) {}
  const Key* Find(std::string_view id) const;
  static absl::StatusOr<Key> ParseLine(std::string_view line);

  std::vector<Key> keys_;  // never empty
};

}  // namespace lmsmail::token
