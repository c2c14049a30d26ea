#pragma once

#include <cstdint>
#include <memory>

#include "absl/status/statusor.h"
#include "absl/time/time.h"

#include "libs/http_server/options.h"
#include "libs/http_server/responder.h"

namespace lmsmail::http_server {

// An HTTP/1.1 server. It is strict: whatever two implementations might read differently is answered
// with 400 and the end of the connection, and the handler never sees it. Each connection stays on
// one io thread, and an idle one has no buffers.
class Server {
 public:
  // INVALID_ARGUMENT for bad options, UNAVAILABLE if the address cannot be listened on.
  static absl::StatusOr<std::unique_ptr<Server>> Start(Options options, Handler handler);
  // Shuts down without grace.
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  uint16_t port() const;
  int64_t connections() const;

  // Stops accepting, closes idle connections, lets requests in flight finish with "Connection:
  // close" for at most `grace`, then cuts what is left. Returns when no handler runs and none will.
  // Responders may still be answered later, to no effect, also after the server is destroyed.
  // Idempotent. Never call it in a handler.
  void Shutdown(absl::Duration grace);

 private:
  class Impl;
  explicit Server(std::unique_ptr<Impl> impl);

  std::unique_ptr<Impl> impl_;
};

}  // namespace lmsmail::http_server
