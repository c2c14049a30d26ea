#include "services/gateway/web/security_headers.h"

#include <fmt/format.h>

namespace lmsmail::gateway {

http_server::Headers SecurityHeaders(std::string_view style_source, bool https) {
  http_server::Headers headers = {
      {"Content-Security-Policy",
       fmt::format("default-src 'none'; style-src {}; form-action 'self'; base-uri 'none'; "
                   "frame-ancestors 'none'",
                   style_source)},
      {"X-Content-Type-Options", "nosniff"},
      {"X-Frame-Options", "DENY"},
      // The path of a page is the authority to change consent.
      {"Referrer-Policy", "no-referrer"},
      {"Cache-Control", "no-store"},
      {"X-Robots-Tag", "noindex, nofollow"},
      {"Cross-Origin-Resource-Policy", "same-origin"}};
  if (https) headers.Add("Strict-Transport-Security", "max-age=31536000");
  return headers;
}

}  // namespace lmsmail::gateway
