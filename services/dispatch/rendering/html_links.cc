#include "services/dispatch/rendering/html_links.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"

#include "libs/strings/utf8.h"
#include "libs/strings/view.h"
#include "libs/tracking/links.h"

namespace lmsmail::dispatch {
namespace {

constexpr std::size_t kEnd = std::string_view::npos;
constexpr std::string_view kSpace = " \t\n\f\r";

bool IsSpace(char c) { return kSpace.find(c) != kEnd; }
bool IsLetter(char c) { return absl::ascii_isalpha(static_cast<unsigned char>(c)); }
bool IsAlphanumeric(char c) { return absl::ascii_isalnum(static_cast<unsigned char>(c)); }
bool IsName(std::string_view name, std::string_view lower_case) {
  return absl::EqualsIgnoreCase(ToAbsl(name), ToAbsl(lower_case));
}

// The elements whose content has no tags but their own end tag.
bool HasTextOnly(std::string_view element) {
  constexpr std::array<std::string_view, 8> kElements = {"style", "title",  "script",  "textarea",
                                                         "xmp",   "iframe", "noembed", "noframes"};
  return std::ranges::any_of(kElements,
                             [element](std::string_view each) { return IsName(element, each); });
}

// The code point of "#38" or "#x26"; 0 if browsers would replace it by another one.
std::uint32_t CodePoint(std::string_view reference) {
  reference.remove_prefix(1);
  const bool hex = !reference.empty() && (reference[0] == 'x' || reference[0] == 'X');
  if (hex) reference.remove_prefix(1);
  std::uint32_t code = 0;
  const char* const end = reference.data() + reference.size();
  const auto [parsed, error] = std::from_chars(reference.data(), end, code, hex ? 16 : 10);
  if (error != std::errc() || parsed != end) return 0;
  const bool control = code >= 0x7f && code < 0xa0;
  const bool surrogate = code >= 0xd800 && code < 0xe000;
  return control || surrogate || code > 0x10ffff ? 0 : code;
}

void AppendUtf8(std::uint32_t code, std::string& text) {
  const auto put = [&](std::uint32_t octet) { text += static_cast<char>(octet); };
  if (code < 0x80) return put(code);
  if (code < 0x800) {
    put(0xc0 | code >> 6);
  } else if (code < 0x10000) {
    put(0xe0 | code >> 12);
    put(0x80 | (code >> 6 & 0x3f));
  } else {
    put(0xf0 | code >> 18);
    put(0x80 | (code >> 12 & 0x3f));
    put(0x80 | (code >> 6 & 0x3f));
  }
  put(0x80 | (code & 0x3f));
}

// Decodes the reference that `rest` begins with, "&amp;" or a lone "&", and removes it. False where
// that would need the table of all 2,231 names, or where browsers differ from other programs.
bool DecodeReference(std::string_view& rest, std::string& text) {
  constexpr std::array<std::pair<std::string_view, char>, 5> kNames = {
      {{"amp", '&'}, {"lt", '<'}, {"gt", '>'}, {"quot", '"'}, {"apos", '\''}}};
  std::size_t size = 1;
  if (size < rest.size() && rest[size] == '#') ++size;
  while (size < rest.size() && IsAlphanumeric(rest[size])) ++size;
  const std::string_view name = rest.substr(1, size - 1);
  if (size < rest.size() && rest[size] == ';') {
    rest.remove_prefix(size + 1);
    if (name.starts_with('#')) {
      const std::uint32_t code = CodePoint(name);
      if (code == 0) return false;
      AppendUtf8(code, text);
      return true;
    }
    const auto* const found =
        std::ranges::find(kNames, name, &std::pair<std::string_view, char>::first);
    if (found == kNames.end()) return false;
    text += found->second;
    return true;
  }
  // In an attribute "&copy=1" is what it looks like, but "&copy" alone is a sign.
  const bool literal = name.empty() || (size < rest.size() && rest[size] == '=' && name[0] != '#');
  if (!literal) return false;
  text += '&';
  rest.remove_prefix(1);
  return true;
}

std::optional<std::string> Decode(std::string_view value) {
  std::string text;
  text.reserve(value.size());
  while (!value.empty()) {
    const std::size_t plain = std::min(value.find('&'), value.size());
    text += value.substr(0, plain);
    value.remove_prefix(plain);
    if (!value.empty() && !DecodeReference(value, text)) return std::nullopt;
  }
  return text;
}

// As browsers do with a URL that they are given (WHATWG URL 4.4): what is not ASCII becomes %XX.
std::string Escape(std::string_view url) {
  constexpr std::string_view kHex = "0123456789ABCDEF";
  std::string escaped;
  escaped.reserve(url.size());
  for (const char c : url) {
    const auto octet = static_cast<unsigned char>(c);
    if (octet < 0x80 && c != ' ' && c != '"' && c != '<' && c != '>') {
      escaped += c;
      continue;
    }
    escaped += '%';
    escaped += kHex[octet >> 4];
    escaped += kHex[octet & 15];
  }
  return escaped;
}

// nullopt for an href that is not tracked.
std::optional<std::string> TargetOf(std::string_view href) {
  while (!href.empty() && IsSpace(href.front())) href.remove_prefix(1);
  while (!href.empty() && IsSpace(href.back())) href.remove_suffix(1);
  std::optional<std::string> url = Decode(href);
  if (!url || !IsValidUtf8(*url)) return std::nullopt;
  std::string escaped = Escape(*url);
  if (!tracking::IsTarget(escaped)) return std::nullopt;
  return escaped;
}

class Scanner {
 public:
  explicit Scanner(std::string_view html) : html_(html) {}

  HtmlScan Scan() {
    while ((at_ = html_.find('<', at_)) < html_.size()) {
      ++at_;
      if (Rest().starts_with("!--")) {
        SkipComment();
      } else if (IsLetter(Peek())) {
        Tag(/*is_end=*/false);
      } else if (Peek() == '/' && at_ + 1 < html_.size() && IsLetter(html_[at_ + 1])) {
        ++at_;
        Tag(/*is_end=*/true);
      } else if (Peek() == '!' || Peek() == '?' || Peek() == '/') {
        at_ = After(html_.find('>', at_), 1);
      }
    }
    if (!scan_.body) scan_.body = head_end_;
    return std::move(scan_);
  }

 private:
  char Peek() const { return at_ < html_.size() ? html_[at_] : '\0'; }
  std::string_view Rest() const { return html_.substr(std::min(at_, html_.size())); }
  std::size_t After(std::size_t found, std::size_t size) const {
    return found == kEnd ? html_.size() : found + size;
  }
  void SkipSpace() {
    while (at_ < html_.size() && IsSpace(html_[at_])) ++at_;
  }
  // Up to one of `ends`.
  std::string_view Take(std::string_view ends) {
    const std::size_t begin = at_;
    at_ = std::min(html_.find_first_of(ends, at_), html_.size());
    return html_.substr(begin, at_ - begin);
  }

  void SkipComment() {
    at_ += 3;
    if (Rest().starts_with(">")) {
      ++at_;
    } else if (Rest().starts_with("->")) {
      at_ += 2;
    } else {
      const std::size_t end = html_.find("-->", at_);
      const std::size_t bang = html_.substr(0, end).find("--!>", at_);
      at_ = bang != kEnd ? bang + 4 : After(end, 3);
    }
  }

  // The value of an attribute, where its "=" was.
  HtmlLink Value() {
    SkipSpace();
    const char quote = Peek();
    if (quote == '"' || quote == '\'') {
      ++at_;
      const std::size_t begin = at_;
      Take(std::string_view(&quote, 1));
      const std::size_t end = at_;
      at_ = std::min(at_ + 1, html_.size());
      return {begin, end, {}};
    }
    const std::size_t begin = at_;
    Take(" \t\n\f\r>");
    return {begin, at_, {}};
  }

  void Tag(bool is_end) {
    const std::string_view name = Take(" \t\n\f\r/>");
    std::optional<HtmlLink> href;
    while (true) {
      while (at_ < html_.size() && (IsSpace(html_[at_]) || html_[at_] == '/')) ++at_;
      if (at_ >= html_.size()) return;  // a tag that does not end is no tag
      if (html_[at_] == '>') break;
      const std::size_t begin = at_++;  // even a "=" begins a name
      Take(" \t\n\f\r/>=");
      const std::string_view attribute = html_.substr(begin, at_ - begin);
      SkipSpace();
      if (Peek() != '=') {
        // The first href counts, also one without a value.
        if (!href && IsName(attribute, "href")) href.emplace();
        continue;
      }
      ++at_;
      const HtmlLink value = Value();
      if (!href && IsName(attribute, "href")) href = value;
    }
    ++at_;
    Found(name, is_end, href);
  }

  void Found(std::string_view name, bool is_end, const std::optional<HtmlLink>& href) {
    if (is_end) {
      if (!head_end_ && IsName(name, "head")) head_end_ = at_;
      return;
    }
    if (IsName(name, "body")) {
      if (!scan_.body) scan_.body = at_;
    } else if (IsName(name, "plaintext")) {
      at_ = html_.size();
    } else if (HasTextOnly(name)) {
      SkipText(name);
    } else if (href && IsName(name, "a")) {
      auto target = TargetOf(html_.substr(href->begin, href->end - href->begin));
      if (target) scan_.links.push_back({href->begin, href->end, *std::move(target)});
    }
  }

  // To the end tag of the element.
  void SkipText(std::string_view element) {
    for (at_ = html_.find("</", at_); at_ < html_.size(); at_ = html_.find("</", at_ + 2)) {
      const std::string_view name = html_.substr(at_ + 2, element.size());
      const std::size_t end = at_ + 2 + element.size();
      if (IsName(name, element) && end < html_.size() &&
          std::string_view(" \t\n\f\r/>").find(html_[end]) != kEnd) {
        return;
      }
    }
    at_ = html_.size();
  }

  const std::string_view html_;
  std::size_t at_ = 0;
  std::optional<std::size_t> head_end_;
  HtmlScan scan_;
};

}  // namespace

HtmlScan ScanHtml(std::string_view html) { return Scanner(html).Scan(); }

}  // namespace lmsmail::dispatch
