#pragma once

#include <openssl/types.h>

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace lmsmail::token {

// AES-256-SIV (RFC 5297): authenticated encryption that is deterministic. The same key, text and
// associated data give the same bytes, which reveal only that and the length of the text. Neither
// text nor associated data may be empty: OpenSSL leaves empty ones out of the tag. Immutable and
// thread-safe.
class Siv {
 public:
  static constexpr std::size_t kKeySize = 64;
  static constexpr std::size_t kTagSize = 16;

  explicit Siv(std::string_view key);

  // Returns the tag followed by the encrypted text.
  std::string Seal(std::string_view associated, std::string_view text) const;
  // Returns the text, or nullopt unless `sealed` was made with this key and associated data.
  std::optional<std::string> Open(std::string_view associated, std::string_view sealed) const;

 private:
  // With the key schedule, which costs four times as much as the rest. Never changed, only copied.
  std::shared_ptr<const EVP_CIPHER_CTX> sealing_;
  std::shared_ptr<const EVP_CIPHER_CTX> opening_;
};

}  // namespace lmsmail::token
