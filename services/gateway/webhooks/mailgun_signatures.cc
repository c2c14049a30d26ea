#include "services/gateway/webhooks/mailgun_signatures.h"

#include <algorithm>
#include <cstdint>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_split.h"

#include "libs/hash/sha256.h"
#include "libs/strings/encoding.h"
#include "libs/strings/view.h"
#include "services/gateway/webhooks/event_fields.h"

namespace lmsmail::gateway {
namespace {

constexpr std::size_t kMaxTokens = 200'000;

}  // namespace

MailgunSignatures::MailgunSignatures(std::string_view keys, const Clock& clock)
    : clock_(clock), tokens_(clock, 2 * kWindow, kMaxTokens) {
  for (const absl::string_view line : absl::StrSplit(ToAbsl(keys), '\n')) {
    const absl::string_view key = absl::StripAsciiWhitespace(line);
    if (!key.empty()) keys_.emplace_back(key);
  }
}

MailgunSignatures::Verdict MailgunSignatures::Check(const MailgunWebhook& webhook) {
  const std::string given = Lower(webhook.signature);
  bool valid = false;
  for (const std::string& key : keys_) {
    const std::string expected =
        HexEncode(hash::HmacSha256(key, webhook.timestamp + webhook.token));
    valid |= hash::ConstantTimeEquals(given, expected);
  }
  if (!valid) return Verdict::kForged;
  // The window also keeps a digit from being moved between timestamp and token.
  std::int64_t seconds = 0;
  const bool number = std::ranges::all_of(webhook.timestamp,
                                          [](unsigned char c) { return absl::ascii_isdigit(c); });
  if (!number || !absl::SimpleAtoi(webhook.timestamp, &seconds)) return Verdict::kStale;
  const absl::Duration age = clock_.Now() - absl::FromUnixSeconds(seconds);
  if (age > kWindow || age < -kWindow) return Verdict::kStale;
  return tokens_.Use(webhook.token, webhook.event_digest) ? Verdict::kValid : Verdict::kReused;
}

}  // namespace lmsmail::gateway
