#include "libs/address/email_address.h"

#include <fmt/format.h>
#include <idn2.h>

#include <algorithm>
#include <cstdint>
#include <memory>
#include <utility>

#include "absl/strings/ascii.h"

#include "libs/address/normalization.h"
#include "libs/status/status_macros.h"
#include "libs/strings/utf8.h"
#include "libs/strings/view.h"

namespace lmsmail::address {
namespace {

// RFC 5321 section 4.5.3.1. A path of 256 octets includes "<" and ">", which leaves 254.
constexpr std::size_t kMaxLocal = 64;
constexpr std::size_t kMaxDomain = 255;
constexpr std::size_t kMaxAddress = 254;
constexpr std::size_t kMaxLabel = 63;  // RFC 1035 section 2.3.4
// No longer text can become an address. Bounds the work that hostile input causes.
constexpr std::size_t kMaxInput = 1024;
constexpr std::size_t kMaxDisplayName = 256;

template <typename... Args>
absl::Status Invalid(fmt::format_string<Args...> format, Args&&... args) {
  return absl::InvalidArgumentError(fmt::format(format, std::forward<Args>(args)...));
}

bool IsAscii(std::string_view text) {
  return std::all_of(text.begin(), text.end(), absl::ascii_isascii);
}
std::string AsciiLower(std::string_view text) { return absl::AsciiStrToLower(ToAbsl(text)); }

bool IsControl(char32_t c) { return c < 0x20 || (c >= 0x7f && c < 0xa0); }
// The characters of a dot-atom besides letters and digits (RFC 5322 section 3.2.3).
bool IsAtomSymbol(char c) {
  return std::string_view("!#$%&'*+-/=?^_`{|}~").find(c) != std::string_view::npos;
}

absl::Status CheckCharacters(std::string_view text) {
  for (std::string_view rest = text; !rest.empty();) {
    const auto point = FirstCodePoint(rest);
    if (!point) return Invalid("is not valid UTF-8; send the address as UTF-8 text");
    if (IsControl(point->value)) {
      return Invalid("holds the control character U+{:04X}; remove it",
                     static_cast<std::uint32_t>(point->value));
    }
    if (IsSpace(point->value)) {
      return Invalid("holds a space; write only the address, as name@example.com");
    }
    if (IsInvisible(point->value)) {
      return Invalid("holds the invisible character U+{:04X}; remove it",
                     static_cast<std::uint32_t>(point->value));
    }
    rest.remove_prefix(point->size);
  }
  return absl::OkStatus();
}

absl::Status CheckLocal(std::string_view local) {
  if (local.empty()) return Invalid("has nothing before the '@'; write it as name@example.com");
  if (local.size() > kMaxLocal) {
    return Invalid("has {} octets before the '@'; at most {} are allowed", local.size(), kMaxLocal);
  }
  if (local.front() == '"') {
    return Invalid(
        "has a quoted part before the '@', which is not accepted; use an address "
        "without quotes");
  }
  if (local.front() == '.' || local.back() == '.' || local.find("..") != std::string_view::npos) {
    return Invalid(
        "has a misplaced dot before the '@'; dots must stand singly between other "
        "characters");
  }
  for (const char c : local) {
    if (absl::ascii_isascii(c) && c != '.' && !absl::ascii_isalnum(c) && !IsAtomSymbol(c)) {
      return Invalid(
          "has '{}' before the '@'; letters, digits, single dots and "
          "!#$%&'*+-/=?^_`{{|}}~ are allowed there",
          c);
    }
  }
  return absl::OkStatus();
}

// The letter-digit-hyphen rule of RFC 1123 section 2.1 on every label of an ASCII domain.
absl::Status CheckDomain(std::string_view domain) {
  if (domain.size() > kMaxDomain) {
    return Invalid("has a domain of {} octets; at most {} are allowed", domain.size(), kMaxDomain);
  }
  std::string_view last;
  std::size_t labels = 0;
  for (std::string_view rest = domain;;) {
    const std::size_t dot = rest.find('.');
    last = rest.substr(0, dot);
    ++labels;
    if (last.empty()) {
      return Invalid("has a misplaced dot in its domain; write it as name@example.com");
    }
    if (last.size() > kMaxLabel) {
      return Invalid("has a domain label of {} octets; at most {} are allowed between two dots",
                     last.size(), kMaxLabel);
    }
    if (last.front() == '-' || last.back() == '-') {
      return Invalid("has a domain label that starts or ends with '-'; remove the hyphen");
    }
    for (const char c : last) {
      if (!absl::ascii_isalnum(c) && c != '-') {
        return Invalid(
            "has '{}' in its domain; letters, digits, hyphens and dots are allowed there", c);
      }
    }
    if (dot == std::string_view::npos) break;
    rest.remove_prefix(dot + 1);
  }
  if (labels < 2) {
    return Invalid("has a domain without a dot; write the full domain, as name@example.com");
  }
  if (std::all_of(last.begin(), last.end(), absl::ascii_isdigit)) {
    return Invalid("has a number for a top-level domain; write a domain name, not an IP address");
  }
  return absl::OkStatus();
}

bool HasALabel(std::string_view lower_domain) {
  return lower_domain.starts_with("xn--") || lower_domain.find(".xn--") != std::string_view::npos;
}

// The domain as DNS knows it: IDNA 2008 with the mappings of UTS 46, non-transitional, as in
// browsers. IDN2_USE_STD3_ASCII_RULES is not set, because libidn2 2.3 then drops forbidden
// characters, so that a fraction's "a/c" or a full-width "@" would name another domain. CheckDomain
// refuses these characters.
absl::StatusOr<std::string> ToAscii(std::string_view domain) {
  std::string lower = AsciiLower(domain);
  if (IsAscii(lower) && !HasALabel(lower)) return lower;
  std::uint8_t* found = nullptr;
  const int rc = idn2_lookup_u8(reinterpret_cast<const std::uint8_t*>(lower.c_str()), &found,
                                IDN2_NFC_INPUT | IDN2_NONTRANSITIONAL);
  const std::unique_ptr<std::uint8_t, void (*)(void*)> owned(found, idn2_free);
  if (rc != IDN2_OK) {
    return Invalid(
        "has a domain that is not a valid internationalised name ({}); check its spelling",
        idn2_strerror(rc));
  }
  return AsciiLower(reinterpret_cast<const char*>(found));
}

}  // namespace

std::string EmailAddress::ToString() const {
  std::string text;
  text.reserve(local.size() + 1 + domain.size());
  return text.append(local).append(1, '@').append(domain);
}

absl::StatusOr<EmailAddress> ParseEmailAddress(std::string_view text) {
  if (text.empty()) return Invalid("is empty; write it as name@example.com");
  if (text.size() > kMaxInput) {
    return Invalid("has {} octets; an address has at most {}", text.size(), kMaxAddress);
  }
  if (text.back() == '>' || text.find('<') != std::string_view::npos) {
    return Invalid("holds '<' or '>'; write only the address, without a display name or brackets");
  }
  LMSMAIL_RETURN_IF_ERROR(CheckCharacters(text));
  const std::size_t at = text.rfind('@');
  if (at == std::string_view::npos) return Invalid("has no '@'; write it as name@example.com");
  const std::string_view local = text.substr(0, at);
  const std::string_view domain = text.substr(at + 1);
  if (local.find('@') != std::string_view::npos) {
    return Invalid("has more than one '@'; write one address, without a route");
  }
  LMSMAIL_RETURN_IF_ERROR(CheckLocal(local));
  if (domain.empty()) return Invalid("has nothing after the '@'; write it as name@example.com");
  if (domain.front() == '[') {
    return Invalid("has an IP address for a domain, which is not accepted; write a domain name");
  }
  EmailAddress address;
  LMSMAIL_ASSIGN_OR_RETURN(address.domain, ToAscii(domain));
  LMSMAIL_RETURN_IF_ERROR(CheckDomain(address.domain));
  if (const std::size_t size = local.size() + 1 + address.domain.size(); size > kMaxAddress) {
    return Invalid("has {} octets; an address has at most {}", size, kMaxAddress);
  }
  address.local = local;
  address.needs_smtputf8 = !IsAscii(local);
  return address;
}

std::string CanonicalForm(const EmailAddress& address) {
  std::string local = IsAscii(address.local) ? AsciiLower(address.local) : FoldCase(address.local);
  return std::move(local).append(1, '@').append(address.domain);
}

absl::Status ValidateDisplayName(std::string_view name) {
  if (name.size() > kMaxDisplayName) {
    return Invalid("has {} octets; a display name has at most {}", name.size(), kMaxDisplayName);
  }
  for (std::string_view rest = name; !rest.empty();) {
    const auto point = FirstCodePoint(rest);
    if (!point) return Invalid("is not valid UTF-8; send the name as UTF-8 text");
    if (IsControl(point->value) || (IsInvisible(point->value) && !IsJoiner(point->value))) {
      return Invalid("holds the control or invisible character U+{:04X}; remove it",
                     static_cast<std::uint32_t>(point->value));
    }
    rest.remove_prefix(point->size);
  }
  return absl::OkStatus();
}

}  // namespace lmsmail::address
