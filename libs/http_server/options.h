#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/time/time.h"

#include "libs/http_server/headers.h"
#include "libs/http_server/message.h"

namespace lmsmail::http_server {

struct Limits {
  int64_t header_bytes = 16 << 10;  // request line and fields; 431 beyond
  int64_t body_bytes = 1 << 20;     // decoded; 413 beyond
  // Of all bodies that are being received or handled at the same time; 503 beyond.
  int64_t total_body_bytes = int64_t{256} << 20;
  int64_t connections = 20'000;  // further ones are closed when they are accepted
  int64_t requests_per_connection = 1'000;

  // From the first octet to the last, however slowly they come; 408 beyond.
  absl::Duration header_time = absl::Seconds(10);
  absl::Duration body_time = absl::Seconds(30);
  absl::Duration handler_time = absl::Seconds(60);  // until the handler answers; 503 beyond
  absl::Duration write_time = absl::Seconds(30);    // until the client has taken the response
  // Until the first octet of a request, also of the first one and its TLS handshake.
  absl::Duration idle_time = absl::Seconds(60);
  // For the client to read the last response before the connection is closed: closing at once, with
  // unread input, would make the kernel discard what the client has not read yet.
  absl::Duration linger_time = absl::Seconds(2);
};

// Paths of PEM files, which are read again when they change.
struct TlsFiles {
  std::string certificate;  // the chain, the server's own first
  std::string key;          // refused if others may read it
};

// What is decided before the body is read.
struct Admission {
  std::optional<Response> refusal = std::nullopt;    // sent instead of reading the body
  bool cut = false;                                  // closes the connection without an answer
  std::optional<int64_t> body_bytes = std::nullopt;  // instead of Limits::body_bytes
};
// Called on an io thread with a request whose body is not read yet.
using Admit = std::function<Admission(const Request&)>;

// One answered or failed request, for metrics and logs. It holds nothing personal: no address, path
// or query.
struct AccessRecord {
  std::string_view method;  // a method of RFC 9110 or PATCH, or "other"
  std::string_view route;   // a pattern such as "/u/{token}"; empty without a route
  int status = 0;           // 0: the connection ended without an answer
  absl::Duration duration;  // from the first octet of the request to the last of the answer
  int64_t bytes_in = 0;     // of the body
  int64_t bytes_out = 0;    // of the body
};
// Called on an io thread; must not block.
using AccessHook = std::function<void(const AccessRecord&)>;

struct Options {
  std::string host = "127.0.0.1";  // a numeric address
  uint16_t port = 0;               // 0 takes a free one
  int threads = 1;
  std::optional<TlsFiles> tls = std::nullopt;  // plain text without
  // Networks such as "10.0.0.0/8" or "::1" whose X-Forwarded-For is believed.
  std::vector<std::string> trusted_proxies = {};
  // Added to every response that lacks them, also to those that the server makes itself.
  Headers headers = {};
  Limits limits = {};
  Admit admit = nullptr;
  AccessHook on_access = nullptr;
};

}  // namespace lmsmail::http_server
