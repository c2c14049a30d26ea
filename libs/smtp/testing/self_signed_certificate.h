#pragma once

#include <string>

namespace lmsmail::smtp::testing {

struct SelfSignedCertificate {
  std::string certificate_pem;
  std::string private_key_pem;
};

// Made afresh, valid for a day, for the names "localhost" and 127.0.0.1. Aborts when OpenSSL fails.
SelfSignedCertificate MakeSelfSignedCertificate();

}  // namespace lmsmail::smtp::testing
