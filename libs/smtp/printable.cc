#include "libs/smtp/printable.h"

#include <algorithm>

#include "libs/strings/utf8.h"

namespace lmsmail::smtp {

std::string Printable(std::string_view text, size_t max_bytes) {
  std::string out;
  out.reserve(std::min(text.size(), max_bytes));
  while (!text.empty()) {
    const auto point = FirstCodePoint(text);
    const size_t size = point ? point->size : 1;
    if (out.size() + size > max_bytes) break;
    const char first = text[0];
    if (first == '\n' || first == '\t') {
      out.push_back(' ');
    } else if (!point || point->value < ' ' || point->value == 0x7f) {
      out.push_back('?');
    } else {
      out.append(text.substr(0, size));
    }
    text.remove_prefix(size);
  }
  return out;
}

}  // namespace lmsmail::smtp
