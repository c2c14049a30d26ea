#include "services/dispatch/transports/reply_classification.h"

#include <algorithm>
#include <array>

#include "absl/strings/numbers.h"

#include "libs/smtp/reply_parser.h"
#include "libs/strings/view.h"
#include "services/dispatch/transports/reply_wording.h"

namespace lmsmail::dispatch {
namespace {

using smtp::Command;

template <std::size_t n>
using Codes = std::array<std::string_view, n>;

// RFC 3463: bad mailbox, bad system, bad syntax, mailbox moved, mailbox disabled. RFC 7505: null
// MX. RFC 7372: mailbox disabled, mailbox owner changed.
constexpr Codes<8> kDeadCodes = {"5.1.1",  "5.1.2", "5.1.3",  "5.1.6",
                                 "5.1.10", "5.2.1", "5.7.13", "5.7.17"};
// RFC 3463 and RFC 7505: the sender's address and its domain.
constexpr Codes<3> kSenderCodes = {"5.1.7", "5.1.8", "5.7.27"};
// RFC 4954 section 6, and Exchange Online's codes for clients that have not logged in.
constexpr Codes<5> kLoginCodes = {"5.7.3", "5.7.8", "5.7.11", "5.7.57", "5.7.14"};
// Google (5.4.5) and Exchange Online.
constexpr Codes<4> kQuotaCodes = {"5.4.5", "5.1.90", "5.7.232", "5.7.233"};
// Codes that say no more than "other or undefined", or that servers use for anything.
constexpr Codes<7> kVagueCodes = {"", "5.0.0", "5.1.0", "5.2.0", "5.3.0", "5.4.1", "5.5.0"};

constexpr std::size_t kCodeLength = 4;  // "550 " or "550-"

bool IsOneOf(std::string_view code, const auto& codes) {
  return std::ranges::find(codes, code) != codes.end();
}

// The second part of an enhanced code: "7" of "5.7.1".
std::string_view SubjectOf(std::string_view enhanced_code) {
  const std::size_t dot = enhanced_code.find('.');
  if (dot == std::string_view::npos) return {};
  enhanced_code.remove_prefix(dot + 1);
  return enhanced_code.substr(0, enhanced_code.find('.'));
}

// Refused before there was a mail: whoever the recipients are, none of them is the cause.
bool IsBeforeMail(Command command) {
  return command == Command::kConnect || command == Command::kEhlo ||
         command == Command::kStartTls || command == Command::kAuth;
}

bool IsAfterRcpt(Command command) {
  return command == Command::kData || command == Command::kMessage;
}

Throttled ThrottledBy(const Refused& refused) {
  const std::string_view enhanced = refused.enhanced_code;
  switch (refused.code) {
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
  if (refused.code == 452 && enhanced.empty()) return Throttled::kTransport;
  return Throttled::kNothing;
}

Refusal Temporary(const Refused& refused, const ReplyWording& wording) {
  Refusal refusal;
  refusal.greylisted =
      wording.SaysGreylisted() ||
      (refused.code == 451 && (refused.enhanced_code == "4.7.1" || refused.enhanced_code.empty()));
  if (refusal.greylisted) return refusal;
  refusal.throttled = ThrottledBy(refused);
  const bool rate_limit = refused.code == 421 || refused.code == 429 || refused.code == 454 ||
                          refused.enhanced_code == "4.7.28" || refused.enhanced_code == "4.4.5";
  if (rate_limit) refusal.reason = Reason::kRateLimited;
  return refusal;
}

// A mailbox has a quota too, and a limit on what it receives.
bool IsQuotaUsedUp(const Refused& refused, const ReplyWording& wording) {
  if (IsOneOf(refused.enhanced_code, kQuotaCodes)) return true;
  const bool of_mailbox =
      refused.enhanced_code.ends_with(".2.1") || refused.enhanced_code.ends_with(".2.2");
  return !of_mailbox && wording.SaysQuotaUsedUp();
}

// RFC 1870 section 6, and RFC 5321 section 4.2.3 for 552 without an enhanced code. To RCPT, that
// means a full mailbox.
bool IsTooLarge(const Refused& refused, const ReplyWording& wording) {
  if (refused.enhanced_code == "5.3.4" || refused.enhanced_code == "5.2.3") return true;
  if (refused.code != 552 || !refused.enhanced_code.empty()) return false;
  if (wording.BlamesSize()) return true;
  return refused.command != Command::kRcpt && !wording.BlamesRecipient() &&
         !wording.BlamesContent();
}

bool MeansLater(const Refused& refused, const ReplyWording& wording) {
  if (refused.enhanced_code == "5.5.3" || wording.SaysGreylisted()) return true;
  return wording.SaysLater() && !wording.BlamesSender();
}

bool IsLoginRefused(const Refused& refused) {
  return refused.code == 530 || refused.code == 534 || refused.code == 535 || refused.code == 538 ||
         IsOneOf(refused.enhanced_code, kLoginCodes);
}

// What the text says of us or of the mail, if anything.
std::optional<Refusal> SenderOrMail(const ReplyWording& wording) {
  if (wording.BlamesContent()) return Refusal::OfMail(Reason::kContentRejected);
  if (wording.BlamesSender()) return Refusal::OfSender();
  if (wording.SaysSpam()) return Refusal::OfMail(Reason::kContentRejected);
  if (wording.BlamesSize()) return Refusal::OfMail(Reason::kTooLarge);
  return std::nullopt;
}

// Decides by wording, and without any by the reply code.
Refusal ByWording(const Refused& refused, const ReplyWording& wording) {
  if (const auto refusal = SenderOrMail(wording)) return *refusal;
  // A server that accepted the recipient and refuses the message without a code that says
  // otherwise means us: the account, the sender's identity or the content.
  if (IsAfterRcpt(refused.command)) {
    const bool about_recipient = !refused.enhanced_code.empty() && wording.BlamesRecipient();
    return about_recipient ? Refusal::OfRecipient(false) : Refusal::OfSender();
  }
  if (wording.BlamesRecipient()) return Refusal::OfRecipient(wording.SaysAddressDead());
  const bool mailbox = refused.code == 550 || refused.code == 551 || refused.code == 553;
  return mailbox ? Refusal::OfRecipient(false) : Refusal::OfSender();
}

Refusal ByEnhancedCode(const Refused& refused, const ReplyWording& wording) {
  const std::string_view code = refused.enhanced_code;
  if (IsOneOf(code, kDeadCodes)) return Refusal::OfRecipient(true);
  if (IsOneOf(code, kSenderCodes)) return Refusal::OfSender();
  if (IsOneOf(code, kVagueCodes)) return ByWording(refused, wording);
  const std::string_view subject = SubjectOf(code);
  if (subject == "1" || subject == "2") return Refusal::OfRecipient(false);
  if (subject == "6") return Refusal::OfMail(Reason::kContentRejected);
  if (const auto refusal = SenderOrMail(wording)) return *refusal;
  // X.4 is the way to the recipient's domain. X.7 is policy: about us, unless the text says
  // otherwise. X.3 and X.5 are our use of the server.
  if (subject == "4") return Refusal::OfRecipient(false);
  if (!IsAfterRcpt(refused.command) && wording.BlamesRecipient()) {
    return Refusal::OfRecipient(wording.SaysAddressDead());
  }
  return Refusal::OfSender();
}

Refusal Permanent(const Refused& refused, const ReplyWording& wording) {
  if (IsTooLarge(refused, wording)) return Refusal::OfMail(Reason::kTooLarge);
  if (IsLoginRefused(refused)) return Refusal::OfSender(true);
  if (refused.command == Command::kMail) {
    const bool form = SubjectOf(refused.enhanced_code) == "6";
    return form ? Refusal::OfMail(Reason::kContentRejected) : Refusal::OfSender();
  }
  if (refused.code == 556)
    return Refusal::OfRecipient(true);  // RFC 7504: the domain accepts no mail
  return ByEnhancedCode(refused, wording);
}

}  // namespace

Refusal Classify(const Refused& refused) {
  const ReplyWording wording(refused.text);
  const bool temporary = refused.code / 100 == 4;
  if (IsBeforeMail(refused.command)) {
    if (IsQuotaUsedUp(refused, wording)) return Refusal::OfQuota();
    return temporary ? Temporary(refused, wording) : Refusal::OfSender(true);
  }
  if (IsQuotaUsedUp(refused, wording)) return Refusal::OfQuota();
  if (temporary || MeansLater(refused, wording)) return Temporary(refused, wording);
  return Permanent(refused, wording);
}

bool ProvesAddressDead(std::string_view text) {
  smtp::Reply reply{.code = 550, .text = std::string(text)};
  int code = 0;
  const bool has_code = absl::SimpleAtoi(ToAbsl(text.substr(0, text.find_first_of(" -"))), &code) &&
                        code >= 400 && code < 600;
  if (has_code)
    reply = {.code = code, .text = std::string(text.substr(std::min(text.size(), kCodeLength)))};
  const std::string_view enhanced = smtp::EnhancedCodeOf(reply);
  if (!has_code && enhanced.empty()) {
    const ReplyWording wording(text);
    const bool other_cause = SenderOrMail(wording) || wording.SaysLater() ||
                             wording.SaysGreylisted() || wording.SaysUnwanted();
    return wording.SaysAddressDead() || !other_cause;
  }
  const Refusal refusal =
      Classify(Refused{.code = reply.code, .enhanced_code = enhanced, .text = reply.text});
  return refusal.address_dead || (refusal.kind == Refusal::Kind::kRecipient && enhanced.empty());
}

}  // namespace lmsmail::dispatch
