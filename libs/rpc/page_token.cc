#include "libs/rpc/page_token.h"

#include <fmt/format.h>
#include <google/protobuf/struct.pb.h>

#include <algorithm>
#include <optional>

#include "libs/hash/sha256.h"
#include "libs/strings/encoding.h"

namespace lmsmail::rpc {
namespace {

constexpr std::size_t kDigestBytes = 12;

// A token is digest(query, rows) followed by the rows as a serialized ListValue, in web-safe
// base64.
std::string Digest(const PageQuery& query, std::string_view rows) {
  std::string text = fmt::format("{};", query.size());
  // Lengths keep {"ab", "c"} and {"a", "bc"} apart.
  for (const std::string_view part : query) text += fmt::format("{}:{}", part.size(), part);
  text += rows;
  return hash::Sha256(text).substr(0, kDigestBytes);
}

}  // namespace

std::string MakePageToken(const PageQuery& query, const PageCursor& last_row) {
  if (last_row.empty()) return {};
  google::protobuf::ListValue values;
  for (const std::string& value : last_row) values.add_values()->set_string_value(value);
  const std::string rows = values.SerializeAsString();
  return Base64UrlEncode(Digest(query, rows) + rows);
}

absl::StatusOr<PageCursor> ParsePageToken(const PageQuery& query, std::string_view token) {
  PageCursor cursor;
  if (token.empty()) return cursor;
  const auto invalid = [] {
    return InvalidField("page_token",
                        "is not valid for this query; start again without a page_token");
  };
  const std::optional<std::string> bytes = Base64UrlDecode(token);
  if (!bytes || bytes->size() < kDigestBytes) return invalid();
  const std::string rows = bytes->substr(kDigestBytes);
  google::protobuf::ListValue values;
  if (bytes->substr(0, kDigestBytes) != Digest(query, rows) || !values.ParseFromString(rows)) {
    return invalid();
  }
  for (const auto& value : values.values()) cursor.push_back(value.string_value());
  return cursor;
}

int PageSize(int requested, const PageSizes& sizes, Violations& violations) {
  if (requested < 0) violations.Add("page_size", "must not be negative");
  return requested <= 0 ? sizes.default_size : std::min(requested, sizes.max_size);
}

}  // namespace lmsmail::rpc
