#include "services/gateway/bounces/delivery_status.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>
#include <optional>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_split.h"

#include "libs/strings/view.h"
#include "services/gateway/webhooks/event_fields.h"
#include "services/gateway/webhooks/event_json.h"

namespace lmsmail::gateway {
namespace {

using Action = RecipientStatus::Action;

// A report of our mail has one recipient, and a few more where it was forwarded.
constexpr std::size_t kMaxGroups = 50;
constexpr std::size_t kMaxFields = 50;  // of a group
constexpr std::size_t kMaxValue = 4000;

constexpr std::array<std::pair<std::string_view, Action>, 5> kActions = {
    {{"failed", Action::kFailed},
     {"delayed", Action::kDelayed},
     {"delivered", Action::kDelivered},
     {"relayed", Action::kDelivered},
     {"expanded", Action::kDelivered}}};

std::string_view Stripped(std::string_view text) {
  return ToStd(absl::StripAsciiWhitespace(ToAbsl(text)));
}

bool IsBlank(char c) { return c == ' ' || c == '\t'; }

bool IsFieldName(std::string_view name) {
  return !name.empty() && std::ranges::all_of(name, [](char c) { return c > ' ' && c < 0x7f; });
}

// The part before and after the first ";", without blanks around them.
std::pair<std::string, std::string_view> SplitType(std::string_view value) {
  const std::size_t semicolon = value.find(';');
  if (semicolon == std::string_view::npos) return {"", Stripped(value)};
  return {Lower(std::string(Stripped(value.substr(0, semicolon)))),
          Stripped(value.substr(semicolon + 1))};
}

// The code at the start: "5.1.1 (bad destination mailbox address)". Empty if there is none.
std::string_view EnhancedCode(std::string_view text) {
  std::size_t at = 0;
  const auto digits = [&](std::size_t max) {
    const std::size_t from = at;
    while (at < text.size() && at - from < max && absl::ascii_isdigit(text[at])) ++at;
    return at > from;
  };
  const auto dot = [&] {
    const bool is_dot = at < text.size() && text[at] == '.';
    if (is_dot) ++at;
    return is_dot;
  };
  const bool found = !text.empty() && (text[0] == '2' || text[0] == '4' || text[0] == '5') &&
                     digits(1) && dot() && digits(3) && dot() && digits(3);
  if (!found || (at < text.size() && absl::ascii_isdigit(text[at]))) return {};
  return text.substr(0, at);
}

// "550 5.1.1 no such user": whether an enhanced code follows the reply code, or begins the text.
bool HasEnhancedCode(std::string_view reply) {
  const std::size_t digits = std::min(reply.find_first_not_of("0123456789"), reply.size());
  if (digits == 3) reply.remove_prefix(std::min<std::size_t>(reply.size(), 4));
  reply.remove_prefix(std::min(reply.find_first_not_of(" #("), reply.size()));
  return !EnhancedCode(reply).empty();
}

std::string WithoutAddresses(std::string_view text) {
  std::string kept;
  for (const absl::string_view word :
       absl::StrSplit(ToAbsl(text), absl::ByAnyChar(" \t"), absl::SkipEmpty())) {
    if (absl::StrContains(word, '@')) continue;
    if (!kept.empty()) kept += ' ';
    kept += ToStd(word);
  }
  return kept;
}

// "\x{E4}" of utf-8-addr-unitext and "+C3" of xtext (RFC 6533 section 3, RFC 3461 section 4).
std::optional<std::uint32_t> HexValue(std::string_view digits) {
  std::uint32_t value = 0;
  const auto [end, error] =
      std::from_chars(digits.data(), digits.data() + digits.size(), value, 16);
  if (digits.empty() || error != std::errc() || end != digits.data() + digits.size()) {
    return std::nullopt;
  }
  return value;
}

void AppendUtf8(std::uint32_t point, std::string& out) {
  const auto tail = [&](int shift) {
    out.push_back(static_cast<char>(0x80 | (point >> shift & 0x3f)));
  };
  if (point < 0x80) {
    out.push_back(static_cast<char>(point));
  } else if (point < 0x800) {
    out.push_back(static_cast<char>(0xc0 | point >> 6));
    tail(0);
  } else if (point < 0x10000) {
    out.push_back(static_cast<char>(0xe0 | point >> 12));
    tail(6);
    tail(0);
  } else {
    out.push_back(static_cast<char>(0xf0 | (point >> 18 & 7)));
    tail(12);
    tail(6);
    tail(0);
  }
}

std::string DecodeUnitext(std::string_view text) {
  constexpr std::string_view kOpen = "\\x{";
  std::string decoded;
  while (!text.empty()) {
    const std::size_t at = std::min(text.find(kOpen), text.size());
    decoded += text.substr(0, at);
    text.remove_prefix(at);
    if (text.empty()) break;
    const std::size_t end = std::min(text.find('}'), text.size());
    const auto point =
        HexValue(text.substr(kOpen.size(), std::max(end, kOpen.size()) - kOpen.size()));
    if (!point || end == text.size() || *point > 0x10ffff) return decoded.append(text);
    AppendUtf8(*point, decoded);
    text.remove_prefix(end + 1);
  }
  return decoded;
}

std::string DecodeXtext(std::string_view text) {
  std::string decoded;
  for (std::size_t at = 0; at < text.size(); ++at) {
    const auto octet =
        text[at] == '+' && at + 2 < text.size() ? HexValue(text.substr(at + 1, 2)) : std::nullopt;
    decoded.push_back(octet ? static_cast<char>(*octet) : text[at]);
    if (octet) at += 2;
  }
  return decoded;
}

RecipientStatus ToStatus(const Fields& group) {
  RecipientStatus status;
  const std::string action(FieldOf(group, "action"));
  status.action =
      FindName(kActions, Lower(action.substr(0, action.find_first_of(" (;"))), Action::kUnknown);
  status.detail = StatusDetail(EnhancedCode(FieldOf(group, "status")),
                               SplitType(FieldOf(group, "diagnostic-code")).second);
  for (const char* const name : {"original-recipient", "final-recipient"}) {
    const std::string address = ReportedAddress(FieldOf(group, name));
    if (address.empty()) continue;
    status.addresses.push_back(address);
    // RFC 3461 section 4.2 encodes the original recipient; some servers report it so.
    if (address.find('+') != std::string::npos) status.addresses.push_back(DecodeXtext(address));
  }
  return status;
}

}  // namespace

std::vector<Fields> ParseFieldGroups(std::string_view text) {
  std::vector<Fields> groups;
  Fields group;
  const auto end_group = [&] {
    if (!group.empty()) groups.push_back(std::move(group));
    group.clear();
  };
  while (!text.empty() && groups.size() < kMaxGroups) {
    std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(line.size() + 1, text.size()));
    const std::string_view stripped = Stripped(line);
    if (stripped.empty()) {
      end_group();
    } else if (IsBlank(line.front())) {
      if (group.empty() || group.back().second.size() + stripped.size() > kMaxValue) continue;
      group.back().second.append(" ").append(stripped);
    } else if (const std::size_t colon = line.find(':');
               colon != std::string_view::npos && group.size() < kMaxFields &&
               IsFieldName(Stripped(line.substr(0, colon)))) {
      group.emplace_back(Lower(std::string(Stripped(line.substr(0, colon)))),
                         Stripped(line.substr(colon + 1)).substr(0, kMaxValue));
    }
  }
  end_group();
  return groups;
}

std::string StatusDetail(std::string_view code, std::string_view diagnostic) {
  const std::string text = WithoutAddresses(CleanText(diagnostic, 2 * kMaxEventDetail));
  // Without any code the report is believed to be about the address: see ProvesAddressDead of
  // dispatch. A mail server gives one, so here its absence means "other or undefined".
  if (code.empty()) code = "5.0.0";
  const std::string detail = HasEnhancedCode(text) ? text : WithEnhancedCode(text, code);
  return CleanText(Stripped(detail), kMaxEventDetail);
}

std::string ReportedAddress(std::string_view value) {
  auto [type, address] = SplitType(value);
  if (!type.empty() && type != "rfc822" && type != "utf-8") return {};
  if (const std::size_t open = address.find('<'); open != std::string_view::npos) {
    address = address.substr(open + 1);
    address = address.substr(0, address.find('>'));
  }
  address = Stripped(address.substr(0, address.find(" (")));
  return DecodeUnitext(address);
}

std::vector<RecipientStatus> ParseDeliveryStatus(std::string_view content) {
  std::vector<RecipientStatus> recipients;
  for (const Fields& group : ParseFieldGroups(content)) {
    const bool of_recipient =
        !FieldOf(group, "final-recipient").empty() || !FieldOf(group, "action").empty();
    if (of_recipient) recipients.push_back(ToStatus(group));
  }
  return recipients;
}

}  // namespace lmsmail::gateway
