#include "libs/http_server/head_scanner.h"

namespace lmsmail::http_server {

HeadScanner::State HeadScanner::Scan(std::string_view input) {
  while (scanned_ < input.size()) {
    const char c = input[scanned_++];
    if (after_cr_) {
      if (c != '\n') return State::kMalformed;
      after_cr_ = false;
      if (line_size_ == 0) return State::kComplete;
      line_size_ = 0;
    } else if (c == '\r') {
      after_cr_ = true;
    } else {
      const bool control = (static_cast<unsigned char>(c) < 0x20 && c != '\t') || c == 0x7f;
      const bool folded = line_size_ == 0 && (c == ' ' || c == '\t');
      if (control || folded) return State::kMalformed;
      ++line_size_;
    }
  }
  return State::kNeedsMore;
}

}  // namespace lmsmail::http_server
