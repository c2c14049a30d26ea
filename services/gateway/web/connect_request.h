#pragma once

#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"

#include "libs/http_server/headers.h"

// What the HTTP fields of a request say about a call (https://connectrpc.com/docs/protocol/).
namespace lmsmail::gateway {

enum class Codec {
  kJson,       // application/json
  kProto,      // application/proto
  kJsonLines,  // application/x-ndjson: for methods that stream requests, one message a line
};

// The codec that Content-Type names; nullopt for any other or none, and for a charset besides
// UTF-8. Browsers send these types to other sites only after asking by a preflight request.
std::optional<Codec> CodecOf(const http_server::Headers& headers);

struct CallFields {
  std::optional<absl::Duration> timeout;  // of Connect-Timeout-Ms
  std::string request_id;                 // of X-Request-Id, or a new one
  std::string authorization;              // of Authorization, for the service
  std::string traceparent;                // a span below that of Traceparent
};
// INVALID_ARGUMENT for malformed fields or another version of the protocol, UNIMPLEMENTED for a
// compressed body.
absl::StatusOr<CallFields> ReadCallFields(const http_server::Headers& headers);

// The request id of ReadCallFields(), also for a request that it refuses.
std::string RequestIdOf(const http_server::Headers& headers);

}  // namespace lmsmail::gateway
