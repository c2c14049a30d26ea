#include "libs/mime/header.h"

#include <fmt/format.h>

#include <algorithm>

#include "absl/strings/match.h"
#include "absl/time/civil_time.h"

#include "libs/mime/transfer_encoding.h"
#include "libs/strings/utf8.h"
#include "libs/strings/view.h"

namespace lmsmail::mime {
namespace {

constexpr std::size_t kLineLimit = 78;             // RFC 5322 section 2.1.1
constexpr std::size_t kEncodedWordLineLimit = 76;  // RFC 2047 section 2
constexpr std::size_t kEncodedWordLimit = 75;
constexpr std::string_view kQ = "=?utf-8?Q?";
constexpr std::string_view kB = "=?utf-8?B?";
constexpr std::string_view kEnd = "?=";

bool IsAlnum(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}
bool IsAscii(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return (c & 0x80) == 0; });
}

std::size_t LongestToken(std::string_view text) {
  std::size_t longest = 0;
  for (std::size_t begin = 0; begin <= text.size();) {
    const std::size_t end = std::min(text.find(' ', begin), text.size());
    longest = std::max(longest, end - begin);
    begin = end + 1;
  }
  return longest;
}

// Characters that "Q" leaves unencoded even in a phrase: RFC 2047 section 5 (3).
bool IsPlainInQ(char c) {
  return IsAlnum(c) || std::string_view("!*+-/").find(c) != std::string_view::npos;
}
std::size_t SizeInQ(std::string_view text) {
  std::size_t size = 0;
  for (const char c : text) size += IsPlainInQ(c) || c == ' ' ? 1 : 3;
  return size;
}
void AppendQ(std::string_view text, std::string& out) {
  constexpr char kHex[] = "0123456789ABCDEF";
  for (const char c : text) {
    if (IsPlainInQ(c)) {
      out.push_back(c);
    } else if (c == ' ') {
      out.push_back('_');
    } else {
      const auto octet = static_cast<unsigned char>(c);
      out.append({'=', kHex[octet >> 4], kHex[octet & 15]});
    }
  }
}
std::size_t SizeInB(std::string_view text) { return (text.size() + 2) / 3 * 4; }

// The size of the longest prefix of `text`, in whole characters, whose encoding fits into `room`.
std::size_t FittingPrefix(std::string_view text, bool q, std::size_t room) {
  std::size_t end = 0;
  for (std::size_t size_in_q = 0; end < text.size();) {
    const auto point = FirstCodePoint(text.substr(end));
    const std::size_t next = end + (point ? point->size : 1);
    size_in_q += SizeInQ(text.substr(end, next - end));
    if ((q ? size_in_q : SizeInB(text.substr(0, next))) > room) break;
    end = next;
  }
  return end;
}

bool IsAtoms(std::string_view name) {
  return !name.empty() && name.front() != ' ' && name.back() != ' ' &&
         name.find("  ") == std::string_view::npos &&
         std::all_of(name.begin(), name.end(), [](char c) { return IsAlnum(c) || c == ' '; });
}

}  // namespace

bool IsStructured(std::string_view field_name) {
  const absl::string_view name = ToAbsl(field_name);
  return absl::StartsWithIgnoreCase(name, "List-") || absl::EqualsIgnoreCase(name, "In-Reply-To") ||
         absl::EqualsIgnoreCase(name, "References") || absl::EqualsIgnoreCase(name, "Precedence");
}

HeaderField::HeaderField(std::string_view name, std::string& out)
    : out_(out), line_start_(out.size()) {
  out_.append(name).append(": ");
}

HeaderField::~HeaderField() { out_.append("\r\n"); }

void HeaderField::Fold() {
  out_.append("\r\n");
  line_start_ = out_.size();
  out_.push_back(' ');
}

void HeaderField::AppendFoldable(std::string_view token, std::size_t line_limit) {
  if (Column() + 1 + token.size() > line_limit) {
    Fold();
  } else {
    out_.push_back(' ');
  }
  out_.append(token);
}

void HeaderField::AppendPlain(std::string_view text) {
  for (bool first = true; !text.empty(); first = false) {
    // Spaces stay with the word after them, because unfolding removes only the CRLF.
    const std::size_t word = std::min(text.find_first_not_of(' '), text.size());
    const std::string_view token = text.substr(0, text.find(' ', word));
    if (!first && Column() + token.size() > kLineLimit) {
      out_.append("\r\n");
      line_start_ = out_.size();
    }
    out_.append(token);
    text.remove_prefix(token.size());
  }
}

void HeaderField::AppendEncodedWords(std::string_view text) {
  const bool q = SizeInQ(text) <= SizeInB(text);
  constexpr std::size_t kFrame = kQ.size() + kEnd.size();
  while (!text.empty()) {
    const std::size_t used = Column() + kFrame;
    const std::size_t room = used < kEncodedWordLineLimit ? kEncodedWordLineLimit - used : 0;
    const std::size_t fitting = FittingPrefix(text, q, std::min(room, kEncodedWordLimit - kFrame));
    if (fitting > 0) {
      const std::string_view part = text.substr(0, fitting);
      out_.append(q ? kQ : kB);
      if (q) {
        AppendQ(part, out_);
      } else {
        AppendBase64Unbroken(part, out_);
      }
      out_.append(kEnd);
      text.remove_prefix(fitting);
    }
    // White space between two encoded-words is not part of the text (RFC 2047 section 6.2).
    if (!text.empty()) Fold();
  }
}

void HeaderField::AppendUnstructured(std::string_view text) {
  const bool plain = IsAscii(text) && !text.empty() && text.front() != ' ' && text.back() != ' ' &&
                     text.find("=?") == std::string_view::npos &&
                     LongestToken(text) <= kMaxPlainToken;
  if (plain) {
    AppendPlain(text);
  } else {
    AppendEncodedWords(text);
  }
}

void HeaderField::AppendMailbox(const address::Mailbox& mailbox) {
  const std::string_view name = mailbox.display_name;
  if (name.empty()) {
    out_.append(mailbox.address.local).append(1, '@').append(mailbox.address.domain);
    return;
  }
  // Not every receiver unfolds a quoted string, and some look for encoded-words in it.
  constexpr std::size_t kMaxQuoted = 60;
  if (!IsAscii(name) || name.size() > kMaxQuoted || name.find("=?") != std::string_view::npos) {
    AppendEncodedWords(name);
  } else if (IsAtoms(name)) {
    out_.append(name);
  } else {
    out_.push_back('"');
    for (const char c : name) {
      if (c == '"' || c == '\\') out_.push_back('\\');
      out_.push_back(c);
    }
    out_.push_back('"');
  }
  AppendFoldable(fmt::format("<{}@{}>", mailbox.address.local, mailbox.address.domain),
                 kEncodedWordLineLimit);
}

void HeaderField::AppendDate(absl::Time time) {
  constexpr std::string_view kDays[] = {"Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"};
  constexpr std::string_view kMonths[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                          "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  const absl::CivilSecond civil = absl::ToCivilSecond(time, absl::UTCTimeZone());
  const auto day = static_cast<std::size_t>(absl::GetWeekday(civil));  // Monday is 0
  fmt::format_to(std::back_inserter(out_), "{}, {:02} {} {:04} {:02}:{:02}:{:02} +0000", kDays[day],
                 civil.day(), kMonths[civil.month() - 1], civil.year(), civil.hour(),
                 civil.minute(), civil.second());
}

}  // namespace lmsmail::mime
