#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace lmsmail::smtp {

// RFC 5321 section 4.2.
struct Reply {
  int code = 0;
  std::string text;  // without the codes; lines joined by '\n'

  bool positive() const { return code / 100 == 2; }
  bool temporary() const { return code / 100 == 4; }
  bool permanent() const { return code / 100 == 5; }
  bool rejection() const { return temporary() || permanent(); }
  bool closing() const { return code == 421; }  // may be the reply to any command (section 3.8)
};

// Splits a byte stream into replies, however the network has divided it. Lines may end in a bare
// LF, as some servers send it; any other deviation is malformed. Memory is bounded: a line, a reply
// and its text have limits well above what RFC 5321 section 4.5.3.1.5 lets a server send.
class ReplyParser {
 public:
  static constexpr size_t kMaxLine = 4096;
  static constexpr int kMaxLines = 256;
  static constexpr size_t kMaxText = 16 * 1024;  // the rest is dropped

  enum class State { kNeedsMore, kReply, kMalformed };

  // Consumes `input` up to the end of one reply at most. After kMalformed the parser must not be
  // used again.
  State Consume(std::string_view& input);

  // The last complete reply, until the next Consume.
  const Reply& reply() const { return reply_; }

 private:
  State ConsumeLine(std::string_view line);

  Reply reply_;
  std::string partial_line_;
  int lines_ = 0;  // of the reply being read
};

// The RFC 3463 code of a reply ("5.1.1"), or empty. Servers also write "#5.1.1" and "(#5.1.1)", and
// some give the code on a later line or within the text; the first one counts.
std::string_view EnhancedCodeOf(const Reply& reply);

}  // namespace lmsmail::smtp
