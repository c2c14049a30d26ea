#include "libs/rpc/page_token.h"

#include <fmt/format.h>
#include <google/protobuf/struct.pb.h>

#include <algorithm>
#include <optional>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"

#include "libs/hash/sha256.h"
#include "libs/strings/encoding.h"

namespace lmsmail::rpc {
namespace {

constexpr std::size_t kSignatureBytes = 16;

absl::Mutex mutex(absl::kConstInit);
std::string signing_key ABSL_GUARDED_BY(mutex);

// A token is signature(query, rows) followed by the rows as a serialized ListValue, in web-safe
// base64.
std::string Signature(const PageQuery& query, std::string_view rows) {
  std::string text = fmt::format("{};", query.size());
  // Lengths keep {"ab", "c"} and {"a", "bc"} apart.
  for (const std::string_view part : query) text += fmt::format("{}:{}", part.size(), part);
  text += rows;
  absl::MutexLock lock(&mutex);
  return hash::HmacSha256(signing_key, text).substr(0, kSignatureBytes);
}

}  // namespace

void SetPageTokenKey(std::string key) {
  absl::MutexLock lock(&mutex);
  signing_key = std::move(key);
}

std::string MakePageToken(const PageQuery& query, const PageCursor& last_row) {
  if (last_row.empty()) return {};
  google::protobuf::ListValue values;
  for (const std::string& value : last_row) values.add_values()->set_string_value(value);
  const std::string rows = values.SerializeAsString();
  return Base64UrlEncode(Signature(query, rows) + rows);
}

absl::StatusOr<PageCursor> ParsePageToken(const PageQuery& query, std::string_view token) {
  PageCursor cursor;
  if (token.empty()) return cursor;
  const auto invalid = [] {
    return InvalidField("page_token",
                        "is not valid for this query; start again without a page_token");
  };
  const std::optional<std::string> bytes = Base64UrlDecode(token);
  if (!bytes || bytes->size() < kSignatureBytes) return invalid();
  const std::string rows = bytes->substr(kSignatureBytes);
  google::protobuf::ListValue values;
  if (!hash::ConstantTimeEquals(bytes->substr(0, kSignatureBytes), Signature(query, rows)) ||
      !values.ParseFromString(rows)) {
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
