#pragma once

#include <string>
#include <string_view>

#include "libs/rpc/tls.h"
#include "libs/testing/certificates.h"
#include "libs/testing/temporary_folder.h"

namespace lmsmail::rpc {

// Certificates of one authority as files.
class TlsFolder {
 public:
  TlsFolder() { folder_.Write("authority", authority_.pem()); }

  // Issues a certificate, or another one of the same file name. `names` are as for
  // CertificateAuthority::Issue().
  TlsFiles Issue(const std::string& file, const std::string& names) const {
    const Certificate issued = authority_.Issue(names);
    folder_.Write(file + ".key", issued.private_key_pem);
    folder_.Write(file + ".pem", issued.certificate_pem);
    return {.certificate = Path(file + ".pem"),
            .key = Path(file + ".key"),
            .authorities = Path("authority")};
  }

  // For a client that has no certificate.
  TlsFiles Trust() const { return {.authorities = Path("authority")}; }

  std::string Path(std::string_view file) const { return (folder_.path() / file).string(); }
  const TemporaryFolder& folder() const { return folder_; }

 private:
  const TemporaryFolder folder_;
  const CertificateAuthority authority_;
};

}  // namespace lmsmail::rpc
