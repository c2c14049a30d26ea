#include "libs/etag/etag.h"

#include <fmt/format.h>

#include "libs/hash/sha256.h"
#include "libs/status/error_details.h"
#include "libs/strings/encoding.h"

namespace lmsmail::etag {
namespace {

constexpr std::size_t kDigestBytes = 12;

}  // namespace

std::string Make(std::string_view content) {
  return fmt::format("W/\"{}\"", Base64UrlEncode(hash::Sha256(content).substr(0, kDigestBytes)));
}

absl::Status Check(std::string_view given, std::string_view current, std::string_view what) {
  if (given.empty() || given == current) return absl::OkStatus();
  return EtagMismatch(what);
}

}  // namespace lmsmail::etag
