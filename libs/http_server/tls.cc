#include "libs/http_server/tls.h"

#include <fmt/format.h>
#include <openssl/ssl.h>

#include <string_view>
#include <utility>

#include "absl/time/clock.h"

#include "libs/secret_file/secret_file.h"
#include "libs/status/status_macros.h"
#include "libs/telemetry/logging.h"

namespace lmsmail::http_server {
namespace {

namespace ssl = boost::asio::ssl;

// Of clients that offer protocols, only those that speak HTTP/1.1 are served.
int SelectProtocol(SSL*, const unsigned char** out, unsigned char* out_size,
                   const unsigned char* offered, unsigned int offered_size, void*) {
  static constexpr unsigned char kHttp11[] = "\x08http/1.1";
  unsigned char* selected = nullptr;
  if (SSL_select_next_proto(&selected, out_size, kHttp11, sizeof kHttp11 - 1, offered,
                            offered_size) != OPENSSL_NPN_NEGOTIATED) {
    return SSL_TLSEXT_ERR_ALERT_FATAL;
  }
  *out = selected;
  return SSL_TLSEXT_ERR_OK;
}

absl::Status CannotUse(std::string_view what, const std::string& path,
                       const boost::system::error_code& error) {
  return absl::InvalidArgumentError(
      fmt::format("{}: {} cannot be used as PEM: {}", what, path, error.message()));
}

absl::StatusOr<std::unique_ptr<ssl::context>> ReadContext(const TlsFiles& files) {
  LMSMAIL_RETURN_IF_ERROR(CheckSecretFile(files.key));
  auto context = std::make_unique<ssl::context>(ssl::context::tls_server);
  SSL_CTX* const handle = context->native_handle();
  if (SSL_CTX_set_min_proto_version(handle, TLS1_2_VERSION) != 1) {
    return absl::InternalError("OpenSSL does not know TLS 1.2");
  }
  SSL_CTX_set_options(handle, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION);
  SSL_CTX_set_mode(handle, SSL_MODE_RELEASE_BUFFERS);  // idle connections have no buffers
  SSL_CTX_set_alpn_select_cb(handle, SelectProtocol, nullptr);
  boost::system::error_code error;
  context->use_certificate_chain_file(files.certificate, error);
  if (error) return CannotUse("tls.certificate", files.certificate, error);
  context->use_private_key_file(files.key, ssl::context::pem, error);
  if (error) return CannotUse("tls.key", files.key, error);
  return context;
}

}  // namespace

absl::StatusOr<std::unique_ptr<ServerTls>> ServerTls::Create(const TlsFiles& files) {
  std::unique_ptr<ServerTls> tls(new ServerTls(files));
  LMSMAIL_ASSIGN_OR_RETURN(tls->context_, ReadContext(files));
  return tls;
}

ServerTls::ServerTls(const TlsFiles& files)
    : files_(files), watch_({files.certificate, files.key}, kRefreshInterval, absl::Now()) {}

ssl::context& ServerTls::Current(absl::Time now) {
  if (!watch_.Changed(now)) return *context_;
  auto context = ReadContext(files_);
  if (context.ok()) {
    context_ = *std::move(context);
    telemetry::LogInfo("the TLS certificate was read again", {{"path", files_.certificate}});
  } else {
    telemetry::LogError("the TLS files are wrong: the certificate before their change stays",
                        {{"error", context.status()}});
  }
  return *context_;
}

}  // namespace lmsmail::http_server
