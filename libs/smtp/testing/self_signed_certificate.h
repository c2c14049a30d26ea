#pragma once

#include <string>

namespace lmsmail::smtp::testing {

struct SelfSignedCertificate {
  std::string certificate_pem;
  std::string private_key_pem;
};

// Creates a certificate for "localhost" and 127.0.0.1, valid for a day. Aborts when OpenSSL fails.
SelfSignedCertificate MakeSelfSignedCertificate();

}  // namespace lmsmail::smtp::testing
