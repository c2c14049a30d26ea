#include "libs/rpc/digest.h"

#include <openssl/sha.h>

#include <array>

namespace lmsmail::rpc {

std::string Sha256Prefix(std::string_view text) {
  std::array<unsigned char, SHA256_DIGEST_LENGTH> digest;
  SHA256(reinterpret_cast<const unsigned char*>(text.data()), text.size(), digest.data());
  return {digest.begin(), digest.begin() + kDigestBytes};
}

}  // namespace lmsmail::rpc
