#pragma once

#include <memory>
#include <string>

// Certificates for tests, valid for a day. These functions abort when OpenSSL fails.
namespace lmsmail {

struct Certificate {
  std::string certificate_pem;
  std::string private_key_pem;
};

// For "localhost" and 127.0.0.1, issued by itself.
Certificate MakeSelfSignedCertificate();

// Issues certificates.
class CertificateAuthority {
 public:
  CertificateAuthority();
  ~CertificateAuthority();

  // What those who trust this authority need.
  const std::string& pem() const { return pem_; }

  // `names` in OpenSSL's format of subject alternative names:
  // "DNS:localhost,URI:spiffe://lmsmail/dispatch,IP:127.0.0.1".
  Certificate Issue(const std::string& names) const;

 private:
  struct Identity;
  const std::unique_ptr<Identity> identity_;
  std::string pem_;
};

}  // namespace lmsmail
