#include "services/dispatch/limits/throttling.h"

#include <string_view>

namespace lmsmail::dispatch {

Throttled ThrottledBy(const DeliveryResult& result) {
  const std::string_view enhanced = result.enhanced_code;
  switch (result.reply_code) {
    case 421:  // RFC 5321 section 4.2.3: service not available, closing the channel
    case 429:  // RFC 6585 section 4: Too Many Requests
    case 454:  // "Throttling failure: Maximum sending rate exceeded"
      return Throttled::kTransport;
    case 450:
    case 451:
    case 452:
      break;
    default:
      return Throttled::kNobody;
  }
  // RFC 3463: X.3.z is the mail system, X.4.5 its congestion; the rest of X.4.z the way beyond it.
  if (enhanced.starts_with("4.3.") || enhanced == "4.4.5") return Throttled::kTransport;
  if (enhanced.starts_with("4.4.")) return Throttled::kRecipientDomain;
  // X.7.z is the policy of who takes the mail; 4.7.1 greylists. 4.7.28 is Google's own for "rate".
  if (enhanced.starts_with("4.7.") && enhanced != "4.7.1") return Throttled::kRecipientDomain;
  if (result.reply_code == 452 && enhanced.empty()) return Throttled::kTransport;
  return Throttled::kNobody;
}

}  // namespace lmsmail::dispatch
