#pragma once

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl.hpp>

#include <memory>
#include <string>

#include "absl/status/statusor.h"

#include "libs/smtp/options.h"

namespace lmsmail::smtp {

using TlsStream = boost::asio::ssl::stream<boost::asio::ip::tcp::socket&>;

// TLS 1.2 or later, verifying against the configured CA. INVALID_ARGUMENT when its file cannot be
// read.
absl::StatusOr<std::unique_ptr<boost::asio::ssl::context>> MakeTlsContext(
    const TlsOptions& options);

// Sets SNI and the name that the certificate must be for.
absl::Status ExpectServer(const std::string& name, const TlsOptions& options, TlsStream& stream);

// Why the last handshake failed. Names the certificate's problem if that was the reason.
absl::Status HandshakeError(const boost::system::error_code& error, TlsStream& stream);

// "TLSv1.3 TLS_AES_256_GCM_SHA384".
std::string DescribeTls(TlsStream& stream);

}  // namespace lmsmail::smtp
