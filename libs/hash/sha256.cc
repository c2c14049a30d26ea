#include "libs/hash/sha256.h"

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <openssl/sha.h>

#include <cstdlib>
#include <memory>

#include "libs/strings/encoding.h"

namespace lmsmail::hash {
namespace {

const unsigned char* Data(std::string_view bytes) {
  return reinterpret_cast<const unsigned char*>(bytes.data());
}

// Calls fail only on memory exhaustion. A hash of zeros must never be returned.
void Must(int succeeded) {
  if (succeeded != 1) std::abort();
}

struct Free {
  void operator()(EVP_MD* it) const { EVP_MD_free(it); }
  void operator()(EVP_MD_CTX* it) const { EVP_MD_CTX_free(it); }
  void operator()(EVP_MAC* it) const { EVP_MAC_free(it); }
  void operator()(EVP_MAC_CTX* it) const { EVP_MAC_CTX_free(it); }
};
template <typename T>
using Owned = std::unique_ptr<T, Free>;

// OpenSSL's one-call functions look up the algorithm and allocate a context in each call, which
// costs more than hashing a kilobyte.
class Sha256Context {
 public:
  void Digest(std::initializer_list<std::string_view> parts, unsigned char* digest) const {
    Must(EVP_DigestInit_ex2(context_.get(), algorithm_.get(), nullptr));
    for (const std::string_view part : parts) {
      Must(EVP_DigestUpdate(context_.get(), part.data(), part.size()));
    }
    Must(EVP_DigestFinal_ex(context_.get(), digest, nullptr));
  }

 private:
  const Owned<EVP_MD> algorithm_{EVP_MD_fetch(nullptr, "SHA256", nullptr)};
  const Owned<EVP_MD_CTX> context_{EVP_MD_CTX_new()};
};

class HmacSha256Context {
 public:
  HmacSha256Context() {
    char digest[] = "SHA256";
    const OSSL_PARAM parameters[] = {
        OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest, 0), OSSL_PARAM_END};
    Must(EVP_MAC_CTX_set_params(context_.get(), parameters));
  }

  void Mac(std::string_view key, std::string_view bytes, unsigned char* mac) const {
    // OpenSSL reuses the last key when the key is null.
    static constexpr unsigned char kEmpty = 0;
    Must(EVP_MAC_init(context_.get(), key.empty() ? &kEmpty : Data(key), key.size(), nullptr));
    Must(EVP_MAC_update(context_.get(), Data(bytes), bytes.size()));
    std::size_t size = 0;
    Must(EVP_MAC_final(context_.get(), mac, &size, SHA256_DIGEST_LENGTH));
  }

 private:
  const Owned<EVP_MAC> algorithm_{EVP_MAC_fetch(nullptr, "HMAC", nullptr)};
  const Owned<EVP_MAC_CTX> context_{EVP_MAC_CTX_new(algorithm_.get())};
};

}  // namespace

std::string Sha256(std::string_view bytes) { return Sha256({bytes}); }

std::string Sha256(std::initializer_list<std::string_view> parts) {
  thread_local const Sha256Context context;
  std::string digest(SHA256_DIGEST_LENGTH, '\0');
  context.Digest(parts, reinterpret_cast<unsigned char*>(digest.data()));
  return digest;
}

std::string Sha256Hex(std::string_view bytes) { return HexEncode(Sha256(bytes)); }

std::int64_t Digest64(std::string_view bytes) {
  const std::string digest = Sha256(bytes);
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < sizeof(value); ++i) {
    value = value << 8 | static_cast<unsigned char>(digest[i]);
  }
  return static_cast<std::int64_t>(value);
}

std::string HmacSha256(std::string_view key, std::string_view bytes) {
  thread_local const HmacSha256Context context;
  std::string mac(SHA256_DIGEST_LENGTH, '\0');
  context.Mac(key, bytes, reinterpret_cast<unsigned char*>(mac.data()));
  return mac;
}

bool ConstantTimeEquals(std::string_view a, std::string_view b) {
  return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

}  // namespace lmsmail::hash
