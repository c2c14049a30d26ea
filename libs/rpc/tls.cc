#include "libs/rpc/tls.h"

#include <fmt/format.h>
#include <grpcpp/security/tls_certificate_provider.h>
#include <grpcpp/security/tls_credentials_options.h>

#include <fstream>
#include <sstream>

#include "libs/secret_file/secret_file.h"
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

// Fails at once for what gRPC would only log, again and again.
absl::Status Check(const TlsFiles& files) {
  if (files.certificate.empty() != files.key.empty()) {
    return absl::InvalidArgumentError(
        "a TLS certificate needs its key and a key its certificate: set both or neither");
  }
  LMSMAIL_RETURN_IF_ERROR(CheckSecretFile(files.key));
  LMSMAIL_RETURN_IF_ERROR(ReadPem(files.certificate).status());
  LMSMAIL_RETURN_IF_ERROR(ReadPem(files.key).status());
  return ReadPem(files.authorities).status();
}

void Watch(const TlsFiles& files, grpc::experimental::TlsCredentialsOptions& options) {
  if (!files.certificate.empty()) options.watch_identity_key_cert_pairs();
  if (!files.authorities.empty()) options.watch_root_certs();
  if (files.certificate.empty() && files.authorities.empty()) return;
  options.set_certificate_provider(
      std::make_shared<grpc::experimental::FileWatcherCertificateProvider>(
          files.key, files.certificate, files.authorities,
          static_cast<unsigned>(absl::ToInt64Seconds(files.refresh_interval))));
}

grpc_ssl_client_certificate_request_type ClientCertificates(const TlsFiles& files,
                                                            const Authenticator& authenticator) {
  if (files.authorities.empty()) return GRPC_SSL_DONT_REQUEST_CLIENT_CERTIFICATE;
  // Callers may have a token instead.
  return authenticator.required() ? GRPC_SSL_REQUEST_CLIENT_CERTIFICATE_AND_VERIFY
                                  : GRPC_SSL_REQUEST_AND_REQUIRE_CLIENT_CERTIFICATE_AND_VERIFY;
}

}  // namespace

absl::StatusOr<std::shared_ptr<grpc::ServerCredentials>> ServerCredentials(
    const std::optional<TlsFiles>& files, const Authenticator& authenticator) {
  std::shared_ptr<grpc::ServerCredentials> credentials;
  if (files) {
    LMSMAIL_RETURN_IF_ERROR(Check(*files));
    if (files->certificate.empty()) {
      return absl::InvalidArgumentError("a TLS server needs a certificate and its key");
    }
    grpc::experimental::TlsServerCredentialsOptions options(nullptr);
    Watch(*files, options);
    options.set_cert_request_type(ClientCertificates(*files, authenticator));
    credentials = grpc::experimental::TlsServerCredentials(options);
  } else if (authenticator.required()) {
    // Plain text as well, and the only such credentials that take a processor.
    credentials = grpc::experimental::LocalServerCredentials(LOCAL_TCP);
  } else {
    return grpc::InsecureServerCredentials();
  }
  if (auto processor = authenticator.NewProcessor()) {
    credentials->SetAuthMetadataProcessor(processor);
  }
  return credentials;
}

absl::StatusOr<std::shared_ptr<grpc::ChannelCredentials>> ClientCredentials(
    const std::optional<TlsFiles>& files) {
  if (!files) return grpc::InsecureChannelCredentials();
  LMSMAIL_RETURN_IF_ERROR(Check(*files));
  grpc::experimental::TlsChannelCredentialsOptions options;
  Watch(*files, options);
  return grpc::experimental::TlsCredentials(options);
}

}  // namespace lmsmail::rpc
