#include "services/gateway/web/connect_request.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <string_view>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"

#include "libs/http_server/media_type.h"
#include "libs/rpc/call_identity.h"
#include "libs/rpc/call_info.h"
#include "libs/status/error_details.h"
#include "libs/status/status_macros.h"
#include "libs/strings/utf8.h"
#include "libs/strings/view.h"

namespace lmsmail::gateway {
namespace {

constexpr char kVersion[] = "Connect-Protocol-Version";
constexpr char kTimeout[] = "Connect-Timeout-Ms";
constexpr char kEncoding[] = "Content-Encoding";

absl::StatusOr<std::optional<absl::Duration>> TimeoutOf(const http_server::Headers& headers) {
  if (!headers.Has(kTimeout)) return std::nullopt;
  const std::string text = headers.Joined(kTimeout);
  constexpr std::size_t kMaxDigits = 10;
  std::int64_t milliseconds = 0;
  const bool digits = std::ranges::all_of(
      text, [](char c) { return absl::ascii_isdigit(static_cast<unsigned char>(c)); });
  if (!digits || text.size() > kMaxDigits || !absl::SimpleAtoi(text, &milliseconds) ||
      milliseconds == 0) {
    return InvalidField(kTimeout, "must be a positive number of at most 10 digits");
  }
  return absl::Milliseconds(milliseconds);
}

}  // namespace

std::optional<Codec> CodecOf(const http_server::Headers& headers) {
  const auto type = http_server::ParseMediaType(headers.Joined("Content-Type"));
  if (!type) return std::nullopt;
  const std::string* const charset = type->Parameter("charset");
  if (charset != nullptr && !absl::EqualsIgnoreCase(*charset, "utf-8")) return std::nullopt;
  if (type->type == "application/json") return Codec::kJson;
  if (type->type == "application/proto") return Codec::kProto;
  if (type->type == "application/x-ndjson") return Codec::kJsonLines;
  return std::nullopt;
}

absl::StatusOr<CallFields> ReadCallFields(const http_server::Headers& headers) {
  if (headers.Has(kVersion) && headers.Joined(kVersion) != "1") {
    return InvalidField(kVersion, "must be 1, the only version");
  }
  // Compression saves nothing on a loopback interface, and a compressed request can be a thousand
  // times its size.
  if (headers.Has(kEncoding) && !absl::EqualsIgnoreCase(headers.Joined(kEncoding), "identity")) {
    return absl::UnimplementedError(
        fmt::format("the Content-Encoding \"{}\" is not supported; the supported one is identity",
                    TruncateUtf8(headers.Joined(kEncoding), 50)));
  }
  CallFields fields;
  LMSMAIL_ASSIGN_OR_RETURN(fields.timeout, TimeoutOf(headers));
  fields.request_id = RequestIdOf(headers);
  fields.authorization = headers.Get(rpc::kAuthorizationKey);
  fields.traceparent = rpc::ChildTraceparent(headers.Get(rpc::kTraceparentKey));
  return fields;
}

std::string RequestIdOf(const http_server::Headers& headers) {
  const std::string_view id = headers.Get(rpc::kRequestIdKey);
  return rpc::IsValidRequestId(id) ? std::string(id) : rpc::NewRequestId();
}

}  // namespace lmsmail::gateway
