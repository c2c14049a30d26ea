#include "services/dispatch/transports/reply_wording.h"

#include <algorithm>
#include <array>

#include "absl/strings/ascii.h"

#include "libs/strings/view.h"

namespace lmsmail::dispatch {
namespace {

// A phrase matches where a word begins, so "blacklist" matches "blacklisted".
constexpr auto kLater = std::to_array<std::string_view>(
    {"at a rate", "try again later", "try later", "retry later", "temporarily", "temporary",
     "receiving mail too quickly", "receives mail too quickly", "too many recipients",
     "receive rate", "resources restricted", "deferred", "please retry", "come back later"});

constexpr auto kGreylisted = std::to_array<std::string_view>(
    {"greylist", "graylist", "grey-list", "gray-list", "grey list", "postgrey"});

constexpr auto kQuota = std::to_array<std::string_view>({"daily limit",
                                                         "daily sending",
                                                         "daily user sending",
                                                         "daily message",
                                                         "daily quota",
                                                         "daily email",
                                                         "daily relay",
                                                         "hourly limit",
                                                         "hourly quota",
                                                         "hourly sending",
                                                         "monthly limit",
                                                         "monthly quota",
                                                         "monthly sending",
                                                         "sending limit",
                                                         "sending quota",
                                                         "send limit",
                                                         "message quota",
                                                         "limit for sending",
                                                         "messages per hour",
                                                         "messages per day",
                                                         "emails per hour",
                                                         "emails per day",
                                                         "maximum credits exceeded",
                                                         "credits exceeded",
                                                         "max defers and failures per hour",
                                                         "outgoing message limit",
                                                         "outbound message limit",
                                                         "outgoing mail limit",
                                                         "submissionquotaexceeded",
                                                         "reached the limit of your plan",
                                                         "exceeded your plan",
                                                         "exceeded your quota",
                                                         "account limit"});

constexpr auto kSender = std::to_array<std::string_view>(
    {// Relaying and login.
     "relay access denied", "relaying denied", "relay denied", "relaying prohibited",
     "relay not permitted", "relaying not permitted", "relaying not allowed", "relay not allowed",
     "relaying disallowed", "relaying is not", "not permitted to relay", "not allowed to relay",
     "unable to relay", "cannot relay", "open relay", "no relay", "do not relay", "not relay",
     "authentication required", "authentication is required", "authentication failed",
     "authentication unsuccessful", "not authenticated", "authenticate", "auth required",
     "smtp auth", "must issue a starttls", "starttls", "encryption required", "tls required",
     "invalid login", "bad credentials", "credentials",
     // The sender's address and domain.
     "sender address", "sender rejected", "sender denied", "sender refused", "sender is not",
     "sender not", "sender verify", "sender identity", "sender domain", "sender id", "sender email",
     "invalid sender", "unverified", "not verified", "has not been verified", "from address",
     "from header", "mail from", "sending domain", "envelope sender", "return path", "not owned by",
     "send as", "send on behalf", "spf", "dkim", "dmarc", "domainkeys", "not authorized to send",
     "not allowed to send", "not permitted to send", "unauthorized", "unauthorised",
     "not authorized", "not authorised",
     // Reputation and the client host.
     "blacklist", "blocklist", "block list", "black list", "blocked", "block-list", "listed",
     "spamhaus", "spamcop", "barracuda", "dnsbl", "rbl", "reputation", "unsolicited", "bulk mail",
     "client host", "your ip", "your host", "your server", "your network", "your domain",
     "ip address", "reverse dns", "rdns", "ptr record", "no ptr", "helo", "ehlo", "banned",
     "bad ip", "suspicious activity", "unusual sending", "abuse", "service refuse",
     "policy reasons",
     // The account with the provider.
     "your account", "account is paused", "account paused", "account suspended",
     "account is suspended", "sending paused", "sending is paused", "sending disabled",
     "sending is disabled", "outgoing mail is suspended", "outgoing mail suspended", "probation",
     "free accounts are", "test mode", "sandbox", "activation", "not activated", "subscription"});

constexpr auto kContent = std::to_array<std::string_view>({"message content",
                                                           "its content",
                                                           "content rejected",
                                                           "content reject",
                                                           "prohibited content",
                                                           "message body",
                                                           "virus",
                                                           "malware",
                                                           "infected",
                                                           "trojan",
                                                           "phish",
                                                           "malicious",
                                                           "attachment",
                                                           "message contains",
                                                           "message contained",
                                                           "header error",
                                                           "invalid header",
                                                           "malformed",
                                                           "missing header",
                                                           "not rfc",
                                                           "rfc 5322",
                                                           "rfc5322",
                                                           "rfc 2822",
                                                           "too many hops",
                                                           "mail loop",
                                                           "loop detected",
                                                           "looping",
                                                           "bad url",
                                                           "8bit",
                                                           "8-bit",
                                                           "bare lf",
                                                           "bare cr",
                                                           "line too long"});

constexpr auto kSpam = std::to_array<std::string_view>(
    {"spam message",       "spam content",         "spam detected",
     "message is spam",    "rejected as spam",     "classified as spam",
     "identified as spam", "detected as spam",     "looks like spam",
     "considered spam",    "considered as spam",   "appears to be spam",
     "suspected spam",     "suspected to be spam", "probability of spam",
     "spam score",         "content filter",       "junk",
     "message looks",      "message scored"});

constexpr auto kUnwanted = std::to_array<std::string_view>(
    {"unsubscribed address", "unsubscribed recipient", "marked your messages"});

constexpr auto kSize = std::to_array<std::string_view>(
    {"message size", "too large", "too big", "size limit", "maximum size", "exceeds size",
     "exceeds fixed", "exceeds the maximum", "exceeded the size", "message length", "larger than"});

constexpr auto kDead =
    std::to_array<std::string_view>({"user unknown",
                                     "unknown user",
                                     "no such user",
                                     "no such recipient",
                                     "no such mailbox",
                                     "no such address",
                                     "no such account",
                                     "no such person",
                                     "no such domain",
                                     "no mailbox",
                                     "no user",
                                     "no account",
                                     "mailbox not found",
                                     "mailbox unknown",
                                     "unknown mailbox",
                                     "mailbox does not exist",
                                     "does not exist",
                                     "doesn't exist",
                                     "doesn't have",
                                     "not exist",
                                     "does not have",
                                     "unknown recipient",
                                     "recipient unknown",
                                     "recipient not found",
                                     "recipient does not",
                                     "user not found",
                                     "user does not",
                                     "invalid recipient",
                                     "invalid mailbox",
                                     "invalid user",
                                     "unknown address",
                                     "address unknown",
                                     "address not found",
                                     "address does not",
                                     "addressee unknown",
                                     "unknown local",
                                     "unrouteable address",
                                     "unroutable address",
                                     "not a valid mailbox",
                                     "not a valid user",
                                     "not a known user",
                                     "not a valid recipient",
                                     "not our customer",
                                     "unknown or illegal alias",
                                     "unknown alias",
                                     "no longer valid",
                                     "no longer available",
                                     "no longer exists",
                                     "no longer on",
                                     "no longer here",
                                     "no longer works",
                                     "no longer accepts",
                                     "account is disabled",
                                     "account has been disabled",
                                     "account disabled",
                                     "account is inactive",
                                     "inactive account",
                                     "inactive user",
                                     "user disabled",
                                     "user is disabled",
                                     "mailbox disabled",
                                     "mailbox is disabled",
                                     "mailbox is inactive",
                                     "mailbox inactive",
                                     "account inactive",
                                     "account expired",
                                     "account closed",
                                     "account has been closed",
                                     "is not known",
                                     "isn't known",
                                     "unknown here",
                                     "user invalid",
                                     "email account that you tried to reach does",
                                     "resolver.adr.recipnotfound",
                                     "recipnotfound"});

constexpr auto kRecipient = std::to_array<std::string_view>(
    {"recipient", "mailbox", "addressee", "user", "over quota", "overquota", "quota",
     "address rejected", "invalid address", "bad address", "storage allocation", "local part",
     "alias", "alumni", "not accepting mail", "not accept mail", "not accepting messages",
     "account that you tried to reach", "access denied"});

constexpr std::string_view kSpaces = " \t\r\n";

bool BeginsWord(std::string_view text, std::size_t at) {
  return at == 0 || !absl::ascii_isalnum(static_cast<unsigned char>(text[at - 1]));
}

bool Has(std::string_view text, std::string_view phrase) {
  for (std::size_t at = text.find(phrase); at != std::string_view::npos;
       at = text.find(phrase, at + 1)) {
    if (BeginsWord(text, at)) return true;
  }
  return false;
}

}  // namespace

std::string WithoutAddresses(std::string_view text) {
  std::string result;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t begin = text.find_first_not_of(kSpaces, at);
    if (begin == std::string_view::npos) break;
    at = std::min(text.find_first_of(kSpaces, begin), text.size());
    const std::string_view word = text.substr(begin, at - begin);
    if (word.find('@') != std::string_view::npos) continue;
    if (!result.empty()) result += ' ';
    result += word;
  }
  return result;
}

// An address may consist of any words, so it is left out.
ReplyWording::ReplyWording(std::string_view text)
    : text_(absl::AsciiStrToLower(ToAbsl(WithoutAddresses(text)))) {}

bool ReplyWording::HasAny(const auto& phrases) const {
  return std::ranges::any_of(phrases,
                             [this](std::string_view phrase) { return Has(text_, phrase); });
}

bool ReplyWording::SaysLater() const { return HasAny(kLater); }
bool ReplyWording::SaysGreylisted() const { return HasAny(kGreylisted); }
bool ReplyWording::SaysQuotaUsedUp() const { return HasAny(kQuota); }
bool ReplyWording::BlamesSender() const { return HasAny(kSender); }
bool ReplyWording::BlamesContent() const { return HasAny(kContent); }
bool ReplyWording::SaysSpam() const { return HasAny(kSpam); }
bool ReplyWording::SaysUnwanted() const { return HasAny(kUnwanted); }
bool ReplyWording::BlamesSize() const { return HasAny(kSize); }
bool ReplyWording::BlamesRecipient() const { return SaysAddressDead() || HasAny(kRecipient); }
bool ReplyWording::SaysAddressDead() const { return HasAny(kDead); }

}  // namespace lmsmail::dispatch
