#pragma once

#include <openssl/types.h>

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"

namespace lmsmail::gateway {

// The public keys of SendGrid's signed event webhook: ECDSA on P-256 with SHA-256. Several are for
// their rotation. Immutable and thread-safe.
class SendgridKeys {
 public:
  // Each is the base64 text that SendGrid shows, a SubjectPublicKeyInfo. Errors name the key by its
  // number.
  static absl::StatusOr<SendgridKeys> Parse(const std::vector<std::string>& keys);

  // Whether any key signed `timestamp` followed by `body`. The texts are those of the headers and
  // the body as they came; SendGrid repeats requests for a day with the same timestamp, so its age
  // proves nothing.
  bool Verify(std::string_view signature, std::string_view timestamp, std::string_view body) const;

 private:
  using Key = std::shared_ptr<EVP_PKEY>;
  explicit SendgridKeys(std::vector<Key> keys) : keys_(std::move(keys)) {}

  std::vector<Key> keys_;
};

}  // namespace lmsmail::gateway
