#include "services/dispatch/transports/http_classification.h"

#include "services/dispatch/transports/reply_wording.h"

namespace lmsmail::dispatch {
namespace {

// Whoever asks for a longer wait has used up a quota rather than exceeded a rate.
constexpr absl::Duration kLongestRateLimit = absl::Minutes(15);

Refusal Temporary(const HttpRefused& refused) {
  Refusal refusal{.kind = Refusal::Kind::kTemporary, .retry_after = refused.retry_after};
  const bool rate_limit = refused.status == 429;
  if (rate_limit) refusal.reason = Reason::kRateLimited;
  if (rate_limit || refused.status == 503) refusal.throttled = Throttled::kTransport;
  return refusal;
}

// 400, 413 and 422.
Refusal OfRequest(const HttpRefused& refused, const ReplyWording& wording) {
  if (refused.status == 413) return Refusal::OfMail(Reason::kTooLarge);
  switch (refused.subject) {
    case HttpRefused::Subject::kRecipient:
      return Refusal::OfRecipient(wording.SaysAddressDead());
    case HttpRefused::Subject::kContent:
      return Refusal::OfMail(wording.BlamesSize() ? Reason::kTooLarge : Reason::kContentRejected);
    case HttpRefused::Subject::kSender:
    case HttpRefused::Subject::kUnknown:
      break;
  }
  return Refusal::OfSender(false);
}

}  // namespace

Refusal Classify(const HttpRefused& refused) {
  const ReplyWording wording(refused.text);
  if (refused.status >= 500 || refused.status == 408) return Temporary(refused);
  if (wording.SaysQuotaUsedUp()) return Refusal::OfQuota(refused.retry_after);
  switch (refused.status) {
    case 400:
    case 413:
    case 422:
      return OfRequest(refused, wording);
    case 429:
      return refused.retry_after > kLongestRateLimit ? Refusal::OfQuota(refused.retry_after)
                                                     : Temporary(refused);
    default:
      return Refusal::OfSender(true);
  }
}

}  // namespace lmsmail::dispatch
