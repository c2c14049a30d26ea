#include "libs/rpc/tls.h"

#include <fmt/format.h>

#include <fstream>
#include <sstream>

#include "libs/status/status_macros.h"

namespace lmsmail::rpc {
namespace {

// The content of the PEM file at `path`; empty for an empty path.
absl::StatusOr<std::string> ReadPem(const std::string& path) {
  if (path.empty()) return std::string();
  std::ifstream file(path, std::ios::binary);
  std::ostringstream content;
  content << file.rdbuf();
  if (!file || content.str().find("-----BEGIN ") == std::string::npos) {
    return absl::InvalidArgumentError(fmt::format("{} is not a readable PEM file", path));
  }
  return content.str();
}

struct Pem {
  std::string certificate;
  std::string key;
  std::string authorities;
};

absl::StatusOr<Pem> Read(const TlsFiles& files) {
  Pem pem;
  LMSMAIL_ASSIGN_OR_RETURN(pem.certificate, ReadPem(files.certificate));
  LMSMAIL_ASSIGN_OR_RETURN(pem.key, ReadPem(files.key));
  LMSMAIL_ASSIGN_OR_RETURN(pem.authorities, ReadPem(files.authorities));
  if (pem.certificate.empty() != pem.key.empty()) {
    return absl::InvalidArgumentError(
        "a TLS certificate needs its key and a key its certificate: set both or neither");
  }
  return pem;
}

}  // namespace

absl::StatusOr<std::shared_ptr<grpc::ServerCredentials>> ServerCredentials(
    const std::optional<TlsFiles>& files) {
  if (!files) return grpc::InsecureServerCredentials();
  LMSMAIL_ASSIGN_OR_RETURN(Pem pem, Read(*files));
  if (pem.certificate.empty()) {
    return absl::InvalidArgumentError("a TLS server needs a certificate and its key");
  }
  grpc::SslServerCredentialsOptions options(
      pem.authorities.empty() ? GRPC_SSL_DONT_REQUEST_CLIENT_CERTIFICATE
                              : GRPC_SSL_REQUEST_AND_REQUIRE_CLIENT_CERTIFICATE_AND_VERIFY);
  options.pem_root_certs = std::move(pem.authorities);
  options.pem_key_cert_pairs.push_back({std::move(pem.key), std::move(pem.certificate)});
  return grpc::SslServerCredentials(options);
}

absl::StatusOr<std::shared_ptr<grpc::ChannelCredentials>> ClientCredentials(
    const std::optional<TlsFiles>& files) {
  if (!files) return grpc::InsecureChannelCredentials();
  LMSMAIL_ASSIGN_OR_RETURN(Pem pem, Read(*files));
  grpc::SslCredentialsOptions options;
  options.pem_root_certs = std::move(pem.authorities);
  options.pem_private_key = std::move(pem.key);
  options.pem_cert_chain = std::move(pem.certificate);
  return grpc::SslCredentials(options);
}

}  // namespace lmsmail::rpc
