#include "services/dispatch/transports/reply_classification.h"

#include <algorithm>
#include <array>

namespace lmsmail::dispatch {
namespace {

// The second part of an enhanced code: "7" of "5.7.1".
std::string_view SubjectOf(std::string_view enhanced_code) {
  const std::size_t dot = enhanced_code.find('.');
  if (dot == std::string_view::npos) return {};
  enhanced_code.remove_prefix(dot + 1);
  return enhanced_code.substr(0, enhanced_code.find('.'));
}

// RFC 3463: 5.1.7 and 5.1.8 are about the sender's address, the rest of X.1 about the recipient's.
bool IsAboutSenderAddress(std::string_view enhanced_code) {
  return enhanced_code == "5.1.7" || enhanced_code == "5.1.8";
}

bool IsTooLarge(const DeliveryResult& result) {
  return result.enhanced_code == "5.3.4" || result.enhanced_code == "5.2.3" ||
         (result.reply_code == 552 && result.enhanced_code.empty());
}

}  // namespace

bool ProvesAddressDead(std::string_view enhanced_code) {
  static constexpr std::array<std::string_view, 8> kDead = {"5.1.1",  "5.1.2", "5.1.3",  "5.1.6",
                                                            "5.1.10", "5.2.1", "5.7.13", "5.7.17"};
  return std::ranges::find(kDead, enhanced_code) != kDead.end();
}

bool ProvesAddressDead(const DeliveryResult& result) {
  return result.kind == DeliveryResult::Kind::kRejectedPermanent &&
         ProvesAddressDead(result.enhanced_code);
}

bool RefusesSender(const DeliveryResult& result) {
  if (result.kind != DeliveryResult::Kind::kRejectedPermanent) return false;
  if (ProvesAddressDead(result)) return false;
  if (SubjectOf(result.enhanced_code) == "7") return true;
  if (IsAboutSenderAddress(result.enhanced_code)) return true;
  return result.reply_code == 530 || result.reply_code == 534 || result.reply_code == 535 ||
         result.reply_code == 538;
}

Reason PermanentReason(const DeliveryResult& result) {
  if (ProvesAddressDead(result)) return Reason::kRecipientRejected;
  if (IsTooLarge(result)) return Reason::kTooLarge;
  if (IsAboutSenderAddress(result.enhanced_code)) return Reason::kSenderRejected;
  const std::string_view subject = SubjectOf(result.enhanced_code);
  if (subject == "1" || subject == "2") return Reason::kRecipientRejected;
  if (!subject.empty()) return Reason::kSenderRejected;
  // Without an enhanced code, RFC 5321 section 4.2.3 decides: 550, 551 and 553 are about the
  // mailbox.
  const bool mailbox =
      result.reply_code == 550 || result.reply_code == 551 || result.reply_code == 553;
  return mailbox ? Reason::kRecipientRejected : Reason::kSenderRejected;
}

Reason TemporaryReason(const DeliveryResult& result) {
  const bool rate_limit = result.reply_code == 421 || result.reply_code == 454 ||
                          result.enhanced_code == "4.7.28" || result.enhanced_code == "4.4.5";
  return rate_limit ? Reason::kRateLimited : Reason::kDeferredByServer;
}

bool IsTemporaryDespiteItsCode(const DeliveryResult& result) {
  return result.enhanced_code == "5.5.3";
}

bool IsGreylisting(const DeliveryResult& result) {
  return result.reply_code == 451 &&
         (result.enhanced_code == "4.7.1" || result.enhanced_code.empty());
}

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
      return Throttled::kNothing;
  }
  // RFC 3463: X.3 is the mail system, X.4.5 its congestion; the rest of X.4 is the network beyond.
  if (enhanced.starts_with("4.3.") || enhanced == "4.4.5") return Throttled::kTransport;
  if (enhanced.starts_with("4.4.")) return Throttled::kRecipientDomain;
  // X.7 is the receiver's policy; 4.7.1 is greylisting. 4.7.28 is Google's own code for its rate
  // limit.
  if (enhanced.starts_with("4.7.") && enhanced != "4.7.1") return Throttled::kRecipientDomain;
  if (result.reply_code == 452 && enhanced.empty()) return Throttled::kTransport;
  return Throttled::kNothing;
}

}  // namespace lmsmail::dispatch
