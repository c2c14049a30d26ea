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

constexpr std::size_t kMaxValue = 998;      // Gmail refuses a longer Subject
constexpr std::size_t kMaxMessageId = 250;  // Gmail refuses more than 500
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

// ParseEmailAddress promises more; this is the last gate before the wire.
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

void CheckMailbox(std::string_view field, const address::Mailbox& mailbox, Violations& faults) {
  if (!IsSafe(mailbox.address)) {
    faults.Add(fmt::format("{}.address", field), "must come from ParseEmailAddress");
  }
  if (const auto status = address::ValidateDisplayName(mailbox.display_name); !status.ok()) {
    faults.Add(fmt::format("{}.display_name", field), std::string(status.message()));
  }
}

// What a header's value must be whatever the header.
void CheckValue(std::string_view field, std::string_view value, Violations& faults) {
  if (value.empty()) {
    faults.Add(std::string(field), "is empty; it must say something");
  } else if (value.size() > kMaxValue) {
    faults.Add(std::string(field),
               fmt::format("has {} octets; at most {} are allowed", value.size(), kMaxValue));
  }
  while (!value.empty()) {
    const auto point = FirstCodePoint(value);
    if (!point) return faults.Add(std::string(field), "is not valid UTF-8");
    const char32_t c = point->value;
    if (c < 0x20 || (c >= 0x7f && c < 0xa0) || c == 0x2028 || c == 0x2029) {
      return faults.Add(std::string(field),
                        fmt::format("holds the control character U+{:04X}; write it on one line "
                                    "without control characters",
                                    static_cast<std::uint32_t>(c)));
    }
    value.remove_prefix(point->size);
  }
}

void CheckBody(std::string_view field, std::string_view body, Violations& faults) {
  if (!IsValidUtf8(body)) faults.Add(std::string(field), "is not valid UTF-8");
  if (body.find('\0') != std::string_view::npos) {
    faults.Add(std::string(field), "holds a NUL character; remove it");
  }
}

void CheckDate(absl::Time date, Violations& faults) {
  // Four digits of a year are all that RFC 5322 section 3.3 foresees, from 1900 on.
  static const absl::Time first = absl::FromCivil(absl::CivilDay(1900, 1, 1), absl::UTCTimeZone());
  static const absl::Time end = absl::FromCivil(absl::CivilDay(10000, 1, 1), absl::UTCTimeZone());
  if (date < first || date >= end) faults.Add("date", "must lie in the years 1900 to 9999");
}

void CheckMessageId(std::string_view id, Violations& faults) {
  const bool valid = id.size() <= kMaxMessageId && IsAllPrintable(id) &&
                     std::count(id.begin(), id.end(), '@') == 1 && !id.starts_with('@') &&
                     !id.ends_with('@') && !ContainsAny(id, "<>()[]\\,;:\"");
  if (!valid) {
    faults.Add(
        "message_id",
        fmt::format("must be local@domain in printable ASCII without angle brackets, at most "
                    "{} octets",
                    kMaxMessageId));
  }
}

// A URI between "<" and ">" of a List-Unsubscribe field. A comma would end it for some readers.
bool IsListUri(std::string_view scheme, std::string_view uri) {
  return StartsWithIgnoreCase(uri, scheme) && uri.size() > scheme.size() &&
         uri.size() <= kMaxPlainToken && IsAllPrintable(uri) &&
         FindOctet(uri, [](Octets x) {
           return (x == '<') | (x == '>') | (x == ',') | (x == '"') | (x == '\\');
         }) == uri.size();
}

void CheckUri(std::string_view field, std::string_view scheme, bool valid, Violations& faults) {
  if (valid) return;
  faults.Add(std::string(field),
             fmt::format("must be a URI that starts with \"{}\", percent-encoded, without commas "
                         "and of at most {} octets",
                         scheme, kMaxPlainToken));
}

void CheckListId(std::string_view id, Violations& faults) {
  const auto allowed = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '_' || c == '.';
  };
  const bool valid = id.size() <= 255 && std::all_of(id.begin(), id.end(), allowed) &&
                     id.find('.') != std::string_view::npos && !id.starts_with('.') &&
                     !id.ends_with('.') && id.find("..") == std::string_view::npos;
  if (!id.empty() && !valid) {
    faults.Add("list_id",
               "must be labels of letters, digits, hyphens and underscores joined by dots, as "
               "weekly-progress.school.example");
  }
}

void CheckFeedbackId(std::string_view id, Violations& faults) {
  if (id.empty()) return;
  const std::size_t colon = id.rfind(':');
  const std::size_t sender = colon == std::string_view::npos ? id.size() : id.size() - colon - 1;
  const bool valid = id.size() <= 255 && IsAllPrintable(id) &&
                     std::count(id.begin(), id.end(), ':') <= 3 && sender >= 5 && sender <= 15;
  if (!valid) {
    faults.Add(
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
      // written on the way
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

void CheckHeaders(std::span<const Header> headers, Violations& faults) {
  for (std::size_t i = 0; i < headers.size(); ++i) {
    const Header& header = headers[i];
    // Field names: RFC 5322 section 2.2.
    const std::string name_field = fmt::format("headers[{}].name", i);
    if (header.name.empty() || header.name.size() > kMaxName || !IsAllPrintable(header.name) ||
        ContainsAny(header.name, ":")) {
      faults.Add(name_field, fmt::format("must be 1 to {} characters of printable ASCII without "
                                         "spaces and colons",
                                         kMaxName));
    } else if (IsReserved(header.name)) {
      faults.Add(name_field, "is written by the mail system; leave it out");
    } else if (std::any_of(headers.begin(), headers.begin() + static_cast<std::ptrdiff_t>(i),
                           [&header](const Header& earlier) {
                             return EqualsIgnoreCase(earlier.name, header.name);
                           })) {
      faults.Add(name_field, "occurs twice; leave one out");
    }
    const std::string value_field = fmt::format("headers[{}].value", i);
    CheckValue(value_field, header.value, faults);
    if (IsStructured(header.name) && !FitsStructured(header.value)) {
      faults.Add(value_field, "must be printable ASCII without spaces around it");
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
  Violations faults;
  CheckMailbox("from", message.from, faults);
  CheckMailbox("to", message.to, faults);
  if (message.reply_to) CheckMailbox("reply_to", *message.reply_to, faults);
  CheckValue("subject", message.subject, faults);
  CheckDate(message.date, faults);
  CheckMessageId(message.message_id, faults);
  if (message.text.empty()) faults.Add("text", "is empty; every mail needs a plain-text part");
  CheckBody("text", message.text, faults);
  CheckBody("html", message.html, faults);
  CheckUri("unsubscribe_url", "https://",
           message.unsubscribe_url.empty() || IsOneClickUri(message.unsubscribe_url), faults);
  CheckUri("unsubscribe_mailto", "mailto:",
           message.unsubscribe_mailto.empty() || IsListUri("mailto:", message.unsubscribe_mailto),
           faults);
  CheckListId(message.list_id, faults);
  CheckFeedbackId(message.feedback_id, faults);
  CheckHeaders(message.headers, faults);
  return faults;
}

}  // namespace lmsmail::mime
