#pragma once

#include <boost/asio/ssl/context.hpp>

#include <memory>

#include "absl/status/statusor.h"

#include "libs/http_server/options.h"

namespace lmsmail::http_server {

// TLS 1.2 or later for a server. INVALID_ARGUMENT if a file cannot be read or the two do not belong
// together, PERMISSION_DENIED if others may read the key.
absl::StatusOr<std::unique_ptr<boost::asio::ssl::context>> MakeServerContext(const TlsFiles& files);

}  // namespace lmsmail::http_server
