#include "libs/mime/validation.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <string>

#include "absl/strings/match.h"

#include "libs/mime/header.h"
#include "libs/strings/octets.h"
#include "libs/strings/utf8.h"
#include "libs/strings/view.h"

namespace lmsmail::mime {
namespace {

constexpr std::size_t kMaxValue = 998;      // Gmail rejects a longer Subject
constexpr std::size_t kMaxMessageId = 250;  // Gmail rejects more than 500
constexpr std::size_t kMaxName = 64;

bool IsPrintable(char c) { return c > ' ' && c < 0x7f; }
bool IsAllPrintable(std::string_view text) {
  return FindOctet(text, [](Octets x) { return (x <= ' ') | (x >= 0x7f); }) == text.size();
}
bool ContainsAny(std::string_view text, std::string_view characters) {
  return text.find_first_of(characters) != std::string_view::npos;
}
bool EqualsIgnoreCase(std::string_view a, std::string_view b) {
  return absl::EqualsIgnoreCase(ToAbsl(a), ToAbsl(b));
}
bool StartsWithIgnoreCase(std::string_view text, std::string_view prefix) {
  return absl::StartsWithIgnoreCase(ToAbsl(text), ToAbsl(prefix));
}

// ParseEmailAddress guarantees more; this is the last check before the address is sent.
bool IsSafe(const address::EmailAddress& address) {
  const auto safe = [](char c) {
    return (c & 0x80) != 0 || (IsPrintable(c) && !ContainsAny({&c, 1}, "<>()[]\\,;:\"@"));
  };
  const std::string& local = address.local;
  return !local.empty() && std::all_of(local.begin(), local.end(), safe) && IsValidUtf8(local) &&
         (address.needs_smtputf8 || IsAllPrintable(local)) && !address.domain.empty() &&
         IsAllPrintable(address.domain) &&
         std::all_of(address.domain.begin(), address.domain.end(), safe);
}

void CheckMailbox(std::string_view field, const address::Mailbox& mailbox, Violations& violations) {
  if (!IsSafe(mailbox.address)) {
    violations.Add(fmt::format("{}.address", field), "must come from ParseEmailAddress");
  }
  if (const auto status = address::ValidateDisplayName(mailbox.display_name); !status.ok()) {
    violations.Add(fmt::format("{}.display_name", field), std::string(status.message()));
  }
}

// The requirements on the value of any header field.
void CheckValue(std::string_view field, std::string_view value, Violations& violations) {
  if (value.empty()) {
    violations.Add(std::string(field), "must not be empty");
  } else if (value.size() > kMaxValue) {
    violations.Add(std::string(field),
                   fmt::format("has {} octets; at most {} are allowed", value.size(), kMaxValue));
  }
  while (!value.empty()) {
    const auto point = FirstCodePoint(value);
    if (!point) return violations.Add(std::string(field), "is not valid UTF-8");
    const char32_t c = point->value;
    if (c < 0x20 || (c >= 0x7f && c < 0xa0) || c == 0x2028 || c == 0x2029) {
      return violations.Add(
          std::string(field),
          fmt::format("holds the control character U+{:04X}; write it on one line "
                      "without control characters",
                      static_cast<std::uint32_t>(c)));
    }
    value.remove_prefix(point->size);
  }
}

void CheckBody(std::string_view field, std::string_view body, Violations& violations) {
  if (!IsValidUtf8(body)) violations.Add(std::string(field), "is not valid UTF-8");
  if (body.find('\0') != std::string_view::npos) {
    violations.Add(std::string(field), "holds a NUL character; remove it");
  }
}

void CheckDate(absl::Time date, Violations& violations) {
  // RFC 5322 section 3.3 allows years of four digits from 1900 on.
  static const absl::Time first = absl::FromCivil(absl::CivilDay(1900, 1, 1), absl::UTCTimeZone());
  static const absl::Time end = absl::FromCivil(absl::CivilDay(10000, 1, 1), absl::UTCTimeZone());
  if (date < first || date >= end) violations.Add("date", "must lie in the years 1900 to 9999");
}

void CheckMessageId(std::string_view id, Violations& violations) {
  const bool valid = id.size() <= kMaxMessageId && IsAllPrintable(id) &&
                     std::count(id.begin(), id.end(), '@') == 1 && !id.starts_with('@') &&
                     !id.ends_with('@') && !ContainsAny(id, "<>()[]\\,;:\"");
  if (!valid) {
    violations.Add(
        "message_id",
        fmt::format("must be local@domain in printable ASCII without angle brackets, at most "
                    "{} octets",
                    kMaxMessageId));
  }
}

// A URI between "<" and ">" of a List-Unsubscribe field. For some receivers a comma would end it.
bool IsListUri(std::string_view scheme, std::string_view uri) {
  return StartsWithIgnoreCase(uri, scheme) && uri.size() > scheme.size() &&
         uri.size() <= kMaxPlainToken && IsAllPrintable(uri) &&
         FindOctet(uri, [](Octets x) {
           return (x == '<') | (x == '>') | (x == ',') | (x == '"') | (x == '\\');
         }) == uri.size();
}

void CheckUri(std::string_view field, std::string_view scheme, bool valid, Violations& violations) {
  if (valid) return;
  violations.Add(
      std::string(field),
      fmt::format("must be a URI that starts with \"{}\", percent-encoded, without commas "
                  "and of at most {} octets",
                  scheme, kMaxPlainToken));
}

void CheckListId(std::string_view id, Violations& violations) {
  const auto allowed = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '_' || c == '.';
  };
  const bool valid = id.size() <= 255 && std::all_of(id.begin(), id.end(), allowed) &&
                     id.find('.') != std::string_view::npos && !id.starts_with('.') &&
                     !id.ends_with('.') && id.find("..") == std::string_view::npos;
  if (!id.empty() && !valid) {
    violations.Add("list_id",
                   "must be labels of letters, digits, hyphens and underscores joined by dots, as "
                   "weekly-progress.school.example");
  }
}

void CheckFeedbackId(std::string_view id, Violations& violations) {
  if (id.empty()) return;
  const std::size_t colon = id.rfind(':');
  const std::size_t sender = colon == std::string_view::npos ? id.size() : id.size() - colon - 1;
  const bool valid = id.size() <= 255 && IsAllPrintable(id) &&
                     std::count(id.begin(), id.end(), ':') <= 3 && sender >= 5 && sender <= 15;
  if (!valid) {
    violations.Add(
        "feedback_id",
        "must be at most four parts of printable ASCII joined by colons, the last of 5 to 15 "
        "characters");
  }
}

bool IsReserved(std::string_view name) {
  constexpr std::string_view kReserved[] = {
      // written by this library
      "Date", "From", "To", "Reply-To", "Subject", "Message-ID", "MIME-Version", "List-Id",
      "List-Unsubscribe", "List-Unsubscribe-Post", "Feedback-ID", "Auto-Submitted",
      "X-Auto-Response-Suppress",
      // one mail, one recipient
      "Cc", "Bcc", "Sender",
      // written by relays
      "Return-Path", "Received", "Delivered-To", "DKIM-Signature", "Authentication-Results"};
  constexpr std::string_view kReservedPrefixes[] = {"Content-", "Resent-", "ARC-"};
  return std::any_of(std::begin(kReserved), std::end(kReserved),
                     [name](std::string_view it) { return EqualsIgnoreCase(name, it); }) ||
         std::any_of(std::begin(kReservedPrefixes), std::end(kReservedPrefixes),
                     [name](std::string_view it) { return StartsWithIgnoreCase(name, it); });
}

bool FitsStructured(std::string_view value) {
  if (value.starts_with(' ') || value.ends_with(' ')) return false;
  std::size_t run = 0;
  for (const char c : value) {
    if (c != ' ' && !IsPrintable(c)) return false;
    run = c == ' ' ? 0 : run + 1;
    if (run > kMaxPlainToken) return false;
  }
  return true;
}

void CheckHeaders(std::span<const Header> headers, Violations& violations) {
  for (std::size_t i = 0; i < headers.size(); ++i) {
    const Header& header = headers[i];
    // Field names: RFC 5322 section 2.2.
    const std::string name_field = fmt::format("headers[{}].name", i);
    if (header.name.empty() || header.name.size() > kMaxName || !IsAllPrintable(header.name) ||
        ContainsAny(header.name, ":")) {
      violations.Add(name_field,
                     fmt::format("must be 1 to {} characters of printable ASCII without "
                                 "spaces and colons",
                                 kMaxName));
    } else if (IsReserved(header.name)) {
      violations.Add(name_field, "is written by the mail system; leave it out");
    } else if (std::any_of(headers.begin(), headers.begin() + static_cast<std::ptrdiff_t>(i),
                           [&header](const Header& earlier) {
                             return EqualsIgnoreCase(earlier.name, header.name);
                           })) {
      violations.Add(name_field, "occurs twice; leave one out");
    }
    const std::string value_field = fmt::format("headers[{}].value", i);
    CheckValue(value_field, header.value, violations);
    if (IsStructured(header.name) && !FitsStructured(header.value)) {
      violations.Add(value_field, "must be printable ASCII without spaces around it");
    }
  }
}

}  // namespace

bool IsOneClickUri(std::string_view uri) {
  constexpr std::string_view kLoopback[] = {"http://127.0.0.1:", "http://127.0.0.1/",
                                            "http://localhost:", "http://localhost/"};
  return IsListUri("https://", uri) ||
         std::any_of(std::begin(kLoopback), std::end(kLoopback),
                     [uri](std::string_view prefix) { return IsListUri(prefix, uri); });
}

Violations Validate(const Message& message) {
  Violations violations;
  CheckMailbox("from", message.from, violations);
  CheckMailbox("to", message.to, violations);
  if (message.reply_to) CheckMailbox("reply_to", *message.reply_to, violations);
  CheckValue("subject", message.subject, violations);
  CheckDate(message.date, violations);
  CheckMessageId(message.message_id, violations);
  if (message.text.empty()) violations.Add("text", "is empty; every mail needs a plain-text part");
  CheckBody("text", message.text, violations);
  CheckBody("html", message.html, violations);
  CheckUri("unsubscribe_url", "https://",
           message.unsubscribe_url.empty() || IsOneClickUri(message.unsubscribe_url), violations);
  CheckUri("unsubscribe_mailto", "mailto:",
           message.unsubscribe_mailto.empty() || IsListUri("mailto:", message.unsubscribe_mailto),
           violations);
  CheckListId(message.list_id, violations);
  CheckFeedbackId(message.feedback_id, violations);
  CheckHeaders(message.headers, violations);
  return violations;
}

}  // namespace lmsmail::mime
