#include "libs/render/encode.h"

#include <array>
#include <charconv>
#include <cmath>
#include <cstdint>

#include "libs/strings/octets.h"

namespace lmsmail::render {
namespace {

constexpr auto kIsForbiddenControl = [](Octets x) {
  return (x < ' ') & (x != '\t') & (x != '\n') & (x != '\r');
};
constexpr auto kIsSpecialInHtml = [](Octets x) {
  return kIsForbiddenControl(x) | (x == '&') | (x == '<') | (x == '>') | (x == '"') | (x == '\'');
};

// Appends `text`, with every octet that `matches` replaced by what `replace` returns.
template <typename Matches, typename Replace>
void AppendReplacing(std::string_view text, std::string& out, Matches matches, Replace replace) {
  for (;;) {
    const std::size_t at = FindOctet(text, matches);
    out.append(text.substr(0, at));
    if (at == text.size()) return;
    out.append(replace(text[at]));
    text.remove_prefix(at + 1);
  }
}

// The length of the control character or line separator at the start of `text`; 0 for none.
std::size_t BreakLength(std::string_view text) {
  const auto byte = [&text](std::size_t i) {
    return i < text.size() ? static_cast<unsigned char>(text[i]) : 0u;
  };
  if (byte(0) < 0x20 || byte(0) == 0x7F) return 1;
  if (byte(0) == 0xC2 && byte(1) >= 0x80 && byte(1) < 0xA0) return 2;
  if (byte(0) == 0xE2 && byte(1) == 0x80 && (byte(2) == 0xA8 || byte(2) == 0xA9)) return 3;
  return 0;
}

}  // namespace

void AppendHtmlEscaped(std::string_view text, std::string& out) {
  AppendReplacing(text, out, kIsSpecialInHtml, [](char c) -> std::string_view {
    switch (c) {
      case '&':
        return "&amp;";
      case '<':
        return "&lt;";
      case '>':
        return "&gt;";
      case '"':
        return "&quot;";
      case '\'':
        return "&#39;";
      default:
        return "";
    }
  });
}

void AppendPlain(std::string_view text, std::string& out) {
  AppendReplacing(text, out, kIsForbiddenControl, [](char) { return ""; });
}

void AppendNumber(double number, std::string& out) {
  std::array<char, 32> digits;
  constexpr double kExactBelow = 9007199254740992;  // 2^53: every whole number below it is a double
  const bool whole = std::abs(number) < kExactBelow && std::trunc(number) == number;
  const auto result =
      whole ? std::to_chars(digits.begin(), digits.end(), static_cast<std::int64_t>(number))
            : std::to_chars(digits.begin(), digits.end(), number);
  out.append(digits.begin(), result.ptr);
}

void CollapseToOneLine(std::string& text) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size();) {
    const std::size_t length = BreakLength(std::string_view(text).substr(i));
    if (length == 0) {
      out.push_back(text[i++]);
      continue;
    }
    if (!out.empty() && out.back() != ' ') out.push_back(' ');
    i += length;
  }
  const std::size_t begin = out.find_first_not_of(' ');
  text = begin == std::string::npos ? "" : out.substr(begin, out.find_last_not_of(' ') - begin + 1);
}

}  // namespace lmsmail::render
