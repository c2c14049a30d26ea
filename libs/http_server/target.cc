#include "libs/http_server/target.h"

#include <algorithm>
#include <cstddef>

#include "absl/strings/ascii.h"
#include "absl/strings/str_split.h"

#include "libs/strings/encoding.h"
#include "libs/strings/utf8.h"
#include "libs/strings/view.h"

namespace lmsmail::http_server {
namespace {

bool IsControl(char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; }

// What RFC 3986 allows in a query, and the ASCII characters that browsers do not encode.
bool IsQueryCharacter(char c) { return c > 0x20 && c < 0x7f && c != '#'; }

bool IsPathCharacter(char c) {
  return absl::ascii_isalnum(static_cast<unsigned char>(c)) ||
         std::string_view("-._~!$&'()*+,;=:@%/").find(c) != std::string_view::npos;
}

bool IsAcceptedSegment(std::string_view segment) {
  return segment != "." && segment != ".." && std::ranges::none_of(segment, [](char c) {
           return IsControl(c) || c == '/' || c == '\\';
         });
}

// Decodes each segment by itself, so that an encoded slash is seen as such.
std::optional<std::string> ParsePath(std::string_view encoded) {
  if (!encoded.starts_with('/') || !std::ranges::all_of(encoded, IsPathCharacter)) return {};
  std::string path;
  size_t empty = 0;
  for (const absl::string_view part : absl::StrSplit(ToAbsl(encoded.substr(1)), '/')) {
    const auto segment = DecodePercent(ToStd(part));
    if (!segment || !IsAcceptedSegment(*segment) || empty > 0) return {};
    if (segment->empty()) ++empty;
    path.append("/").append(*segment);
  }
  if (!IsValidUtf8(path)) return {};
  return path;
}

}  // namespace

std::optional<std::string> DecodePercent(std::string_view text) {
  std::string decoded;
  decoded.reserve(text.size());
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      decoded += text[i];
      continue;
    }
    if (text.size() - i < 3) return {};
    const auto octet = HexDecode(text.substr(i + 1, 2));
    if (!octet) return {};
    decoded += *octet;
    i += 2;
  }
  return decoded;
}

std::optional<Target> ParseTarget(std::string_view target) {
  const size_t mark = target.find('?');
  auto path = ParsePath(target.substr(0, mark));
  if (!path) return {};
  const std::string_view query =
      mark == std::string_view::npos ? std::string_view() : target.substr(mark + 1);
  if (!std::ranges::all_of(query, IsQueryCharacter)) return {};
  return Target{.path = *std::move(path), .query = std::string(query)};
}

}  // namespace lmsmail::http_server
