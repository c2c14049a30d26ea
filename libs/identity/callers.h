#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"

#include "libs/identity/caller.h"
#include "libs/status/error_details.h"

namespace lmsmail::identity {

// What a call proves its caller with.
struct Credentials {
  std::string_view token = {};  // of "authorization: Bearer TOKEN"; empty: none
  std::vector<std::string_view> certificate_names =
      {};  // URI and DNS SANs of a verified certificate
};

// The callers that a deployment knows. Immutable. Format of the file, in YAML:
//
//   callers:
//     lms:                                      # the name, which logs and keys have
//       roles: [sender]
//       token_sha256: [5f2c...]                 # printf %s "$TOKEN" | sha256sum; two in a rotation
//       expire_time: 2027-06-01T00:00:00Z       # absent: never
//       limits: {calls_per_second: 200, streams: 8, request_size: 32MiB}
//     dispatch:
//       roles: [dispatch]
//       certificate: ["spiffe://lmsmail/dispatch"]   # URI or DNS names of client certificates
//
// Tokens are random, of at least 128 bits, so that one plain hash keeps them: openssl rand -hex 32.
class Callers {
 public:
  // INVALID_ARGUMENT with all errors of the file.
  static absl::StatusOr<Callers> Read(const std::string& path);

  // A token counts alone, even if it is wrong and the certificate is right. UNAUTHENTICATED, with
  // the remedy, for a call without known credentials and for those that have expired.
  absl::StatusOr<Caller> Find(const Credentials& credentials, absl::Time now) const;

  std::size_t size() const { return size_; }

 private:
  struct Entry {
    Caller caller;
    absl::Time expire_time = absl::InfiniteFuture();
  };
  struct Keys;

  void Add(const std::string& name, const Keys& keys, Violations& violations);

  std::map<std::string, Entry, std::less<>> by_token_hash_;   // raw bytes
  std::map<std::string, Entry, std::less<>> by_certificate_;  // lower case for DNS names
  std::size_t size_ = 0;
};

}  // namespace lmsmail::identity
