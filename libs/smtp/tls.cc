#include "libs/smtp/tls.h"

#include <boost/asio/ip/address.hpp>
#include <fmt/core.h>
#include <openssl/ssl.h>
#include <openssl/x509_vfy.h>

#include "libs/smtp/fault.h"

namespace lmsmail::smtp {

namespace ssl = boost::asio::ssl;

absl::StatusOr<std::unique_ptr<ssl::context>> MakeTlsContext(const TlsOptions& options) {
  auto context = std::make_unique<ssl::context>(ssl::context::tls_client);
  if (SSL_CTX_set_min_proto_version(context->native_handle(), TLS1_2_VERSION) != 1) {
    return absl::InternalError("OpenSSL does not know TLS 1.2");
  }
  boost::system::error_code error;
  if (options.accept_any_certificate) {
    context->set_verify_mode(ssl::verify_none, error);
    return context;
  }
  context->set_verify_mode(ssl::verify_peer, error);
  if (options.ca_file.empty()) {
    context->set_default_verify_paths(error);
  } else {
    context->load_verify_file(options.ca_file, error);
  }
  if (error) {
    return absl::InvalidArgumentError(
        fmt::format("tls.ca_file: cannot be read as PEM certificates: {}", error.message()));
  }
  return context;
}

absl::Status ExpectServer(const std::string& name, const TlsOptions& options, TlsStream& stream) {
  SSL* const handle = stream.native_handle();
  boost::system::error_code error;
  boost::asio::ip::make_address(name, error);
  const bool is_address = !error;  // addresses are not allowed in SNI (RFC 6066 section 3)
  if (!is_address && SSL_set_tlsext_host_name(handle, name.c_str()) != 1) {
    return absl::InvalidArgumentError("tls.server_name: is not a host name");
  }
  if (options.accept_any_certificate) return absl::OkStatus();
  const int expected = is_address
                           ? X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(handle), name.c_str())
                           : SSL_set1_host(handle, name.c_str());
  if (expected != 1) return absl::InvalidArgumentError("tls.server_name: is not a host name");
  return absl::OkStatus();
}

absl::Status HandshakeError(const boost::system::error_code& error, TlsStream& stream) {
  const long verdict = SSL_get_verify_result(stream.native_handle());
  if (verdict != X509_V_OK) {
    return WithFault(absl::FailedPreconditionError(
                         fmt::format("TLS: the server's certificate was not accepted: {}",
                                     X509_verify_cert_error_string(verdict))),
                     Fault::kCertificate);
  }
  return WithFault(absl::UnavailableError(fmt::format("TLS handshake: {}", error.message())),
                   Fault::kTls);
}

std::string DescribeTls(TlsStream& stream) {
  const SSL* const handle = stream.native_handle();
  return fmt::format("{} {}", SSL_get_version(handle), SSL_get_cipher_name(handle));
}

}  // namespace lmsmail::smtp
