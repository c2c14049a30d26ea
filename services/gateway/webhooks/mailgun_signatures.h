#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "absl/time/time.h"

#include "libs/clock/clock.h"
#include "services/gateway/webhooks/mailgun_events.h"
#include "services/gateway/webhooks/used_tokens.h"

namespace lmsmail::gateway {

// Decides whether a webhook is Mailgun's: HMAC-SHA256 of timestamp and token. Because that does not
// cover the event, whoever saw one request could report anything with its signature. So a timestamp
// counts for a limited time, and a token for one event. Thread-safe.
class MailgunSignatures {
 public:
  // Mailgun repeats a request for up to 8 hours with the same timestamp; clocks differ.
  static constexpr absl::Duration kWindow = absl::Hours(9);

  // `keys` has one webhook signing key a line; several are for their rotation. `clock` must outlive
  // this.
  MailgunSignatures(std::string_view keys, const Clock& clock);

  enum class Verdict { kValid, kForged, kStale, kReused };
  Verdict Check(const MailgunWebhook& webhook);

 private:
  std::vector<std::string> keys_;
  const Clock& clock_;
  UsedTokens tokens_;
};

}  // namespace lmsmail::gateway
