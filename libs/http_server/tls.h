#pragma once

#include <boost/asio/ssl/context.hpp>

#include <memory>

#include "absl/status/statusor.h"
#include "absl/time/time.h"

#include "libs/file_watch/file_watch.h"
#include "libs/http_server/options.h"

namespace lmsmail::http_server {

// TLS 1.2 or later for a server, with the certificate that is in the files: they are read again
// when they change, for connections that are accepted later. Not thread-safe.
class ServerTls {
 public:
  using Context = boost::asio::ssl::context;

  // How long a change of the files may take to count.
  static constexpr absl::Duration kRefreshInterval = absl::Seconds(10);

  // INVALID_ARGUMENT if a file cannot be read or the two do not belong together, PERMISSION_DENIED
  // if others may read the key.
  static absl::StatusOr<std::unique_ptr<ServerTls>> Create(const TlsFiles& files);

  // Valid until the next call. Files that became wrong are logged, and those before them stay.
  Context& Current(absl::Time now);

 private:
  explicit ServerTls(const TlsFiles& files);

  const TlsFiles files_;
  FileWatch watch_;
  std::unique_ptr<Context> context_;
};

}  // namespace lmsmail::http_server
