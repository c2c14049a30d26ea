#include "services/dispatch/transports/rate_headers.h"

#include <algorithm>
#include <string>

#include "absl/strings/numbers.h"

#include "libs/strings/view.h"

namespace lmsmail::dispatch {
namespace {

constexpr char kHttpDate[] = "%a, %d %b %Y %H:%M:%S GMT";  // RFC 9110 section 5.6.7

std::optional<double> NumberIn(const http_client::Response& response, std::string_view header) {
  const auto text = response.Header(header);
  double number = 0;
  if (!text || !absl::SimpleAtod(ToAbsl(*text), &number) || !(number >= 0)) return std::nullopt;
  return number;
}

absl::Time Bounded(absl::Time time, absl::Time now) {
  return std::clamp(time, now, now + kMaxRetryAfter);
}

}  // namespace

std::optional<absl::Time> RetryTimeOf(const http_client::Response& response, absl::Time now) {
  if (const auto seconds = NumberIn(response, "Retry-After")) {
    return Bounded(now + absl::Seconds(*seconds), now);
  }
  if (const auto date = response.Header("Retry-After")) {
    absl::Time time;
    if (absl::ParseTime(kHttpDate, std::string(*date), &time, nullptr)) return Bounded(time, now);
  }
  if (const auto seconds = NumberIn(response, "X-RateLimit-Reset")) {
    return Bounded(absl::UnixEpoch() + absl::Seconds(*seconds), now);
  }
  return std::nullopt;
}

std::optional<absl::Time> ExhaustedUntil(const http_client::Response& response, absl::Time now) {
  if (NumberIn(response, "X-RateLimit-Remaining") != 0.0) return std::nullopt;
  return RetryTimeOf(response, now);
}

}  // namespace lmsmail::dispatch
