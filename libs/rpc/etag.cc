#include "libs/rpc/etag.h"

#include <fmt/format.h>

#include "absl/strings/escaping.h"

#include "libs/rpc/digest.h"
#include "libs/status/error_details.h"

namespace lmsmail::rpc {

std::string EtagOf(std::string_view content) {
  return fmt::format("W/\"{}\"", absl::WebSafeBase64Escape(Sha256Prefix(content)));
}

absl::Status CheckEtag(std::string_view given, std::string_view current, std::string_view what) {
  if (given.empty() || given == current) return absl::OkStatus();
  return EtagMismatch(what);
}

}  // namespace lmsmail::rpc
