#pragma once

#include <cstddef>
#include <string_view>

namespace lmsmail::http_server {

// Finds the end of a request's header in the octets that have come so far, and refuses what Beast
// accepts or waits for: line breaks other than CRLF, control characters, and values that are
// continued on the next line (obs-fold).
class HeadScanner {
 public:
  enum class State { kNeedsMore, kComplete, kMalformed };

  // `input` is everything since the begin of the header; what was scanned before is skipped.
  State Scan(std::string_view input);

  // Of the header with its empty line, once it is complete.
  size_t size() const { return scanned_; }

 private:
  size_t scanned_ = 0;
  size_t line_size_ = 0;  // of the current line so far, without the line break
  bool after_cr_ = false;
};

}  // namespace lmsmail::http_server
