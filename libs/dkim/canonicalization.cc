#include "libs/dkim/canonicalization.h"

#include <algorithm>
#include <cstddef>

namespace lmsmail::dkim {
namespace {

constexpr std::string_view kCrlf = "\r\n";

char AsciiLower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

// CR and LF occur in folded fields only. Reducing blanks also unfolds the field.
bool IsBlank(char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; }

// Appends `text` with each run of blanks as one space and without blanks at its end.
void AppendBlanksReduced(std::string_view text, std::string& out) {
  const std::size_t start = out.size();
  out.resize(start + text.size());
  char* to = out.data() + start;
  bool blank = false;
  for (const char c : text) {
    if (IsBlank(c)) {
      blank = true;
      continue;
    }
    if (blank) *to++ = ' ';
    blank = false;
    *to++ = c;
  }
  out.resize(static_cast<std::size_t>(to - out.data()));
}

}  // namespace

void AppendRelaxedHeader(std::string_view field, std::string& out) {
  const std::size_t colon = field.find(':');
  for (const char c : field.substr(0, colon)) {
    if (!IsBlank(c)) out.push_back(AsciiLower(c));
  }
  out.push_back(':');
  std::string_view value = colon == std::string_view::npos ? "" : field.substr(colon + 1);
  value.remove_prefix(static_cast<std::size_t>(
      std::find_if_not(value.begin(), value.end(), IsBlank) - value.begin()));
  AppendBlanksReduced(value, out);
}

std::string RelaxedBody(std::string_view body) {
  std::string out;
  out.reserve(body.size() + kCrlf.size());
  std::size_t content = 0;  // the end of the last line that is not empty
  while (!body.empty()) {
    const std::size_t end = std::min(body.find(kCrlf), body.size());
    const std::size_t start = out.size();
    AppendBlanksReduced(body.substr(0, end), out);
    const bool empty = out.size() == start;
    out.append(kCrlf);
    if (!empty) content = out.size();
    body.remove_prefix(std::min(end + kCrlf.size(), body.size()));
  }
  out.resize(content);
  return out;
}

}  // namespace lmsmail::dkim
