#include "libs/smtp/reply_parser.h"

namespace lmsmail::smtp {
namespace {

bool IsDigit(char c) { return c >= '0' && c <= '9'; }

// The three digits at the front of `line`, or 0.
int CodeOf(std::string_view line) {
  if (line.size() < 3 || line[0] < '2' || line[0] > '5' || !IsDigit(line[1]) || !IsDigit(line[2])) {
    return 0;
  }
  return (line[0] - '0') * 100 + (line[1] - '0') * 10 + (line[2] - '0');
}

// Length of the run of one to three digits at `text[from]`, 0 when there is none.
size_t DigitRun(std::string_view text, size_t from) {
  size_t length = 0;
  while (length < 3 && from + length < text.size() && IsDigit(text[from + length])) ++length;
  return length;
}

}  // namespace

ReplyParser::State ReplyParser::Consume(std::string_view& input) {
  while (!input.empty()) {
    const size_t end = input.find('\n');
    const std::string_view piece = input.substr(0, end);
    if (partial_line_.size() + piece.size() > kMaxLine) return State::kMalformed;
    if (end == std::string_view::npos) {
      partial_line_.append(piece);
      input = {};
      return State::kNeedsMore;
    }
    input.remove_prefix(end + 1);

    State state;
    if (partial_line_.empty()) {
      state = ConsumeLine(piece);
    } else {
      partial_line_.append(piece);
      state = ConsumeLine(partial_line_);
      partial_line_.clear();
    }
    if (state != State::kNeedsMore) return state;
  }
  return State::kNeedsMore;
}

ReplyParser::State ReplyParser::ConsumeLine(std::string_view line) {
  if (line.ends_with('\r')) line.remove_suffix(1);
  const int code = CodeOf(line);
  if (code == 0) return State::kMalformed;
  const char separator = line.size() > 3 ? line[3] : ' ';
  if (separator != ' ' && separator != '-') return State::kMalformed;

  if (lines_ == 0) {
    reply_.code = code;
    reply_.text.clear();
  } else if (code != reply_.code || lines_ >= kMaxLines) {
    return State::kMalformed;
  } else if (reply_.text.size() < kMaxText) {
    reply_.text.push_back('\n');
  }
  ++lines_;
  if (line.size() > 4) reply_.text.append(line.substr(4, kMaxText - reply_.text.size()));
  if (separator == '-') return State::kNeedsMore;
  lines_ = 0;
  return State::kReply;
}

std::string_view EnhancedCodeOf(std::string_view text) {
  if (text.size() < 5 || (text[0] != '2' && text[0] != '4' && text[0] != '5') || text[1] != '.') {
    return {};
  }
  const size_t subject = DigitRun(text, 2);
  const size_t dot = 2 + subject;
  if (subject == 0 || dot >= text.size() || text[dot] != '.') return {};
  const size_t detail = DigitRun(text, dot + 1);
  const size_t end = dot + 1 + detail;
  if (detail == 0) return {};
  if (end < text.size() && text[end] != ' ' && text[end] != '\n') return {};
  return text.substr(0, end);
}

}  // namespace lmsmail::smtp
