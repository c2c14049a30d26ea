#include "libs/smtp/printable.h"

#include "libs/strings/utf8.h"

namespace lmsmail::smtp {

std::string Printable(std::string_view text, size_t max_bytes) {
  std::string out;
  out.reserve(text.size() < max_bytes ? text.size() : max_bytes);
  while (!text.empty()) {
    const auto point = FirstCodePoint(text);
    const size_t length = point ? point->size : 1;
    if (out.size() + length > max_bytes) break;
    const char first = text[0];
    if (first == '\n' || first == '\t') {
      out.push_back(' ');
    } else if (!point || point->value < 0x20 || point->value == 0x7f) {
      out.push_back('?');
    } else {
      out.append(text.substr(0, length));
    }
    text.remove_prefix(length);
  }
  return out;
}

}  // namespace lmsmail::smtp
