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

constexpr std::string_view kBeforeEnhancedCode = " \t\n(#[<:;='\"";
constexpr std::string_view kAfterEnhancedCode = " \t\n)].>,:;'\"";

// Length of the enhanced status code at `text[from]`, 0 when there is none.
size_t EnhancedCodeLength(std::string_view text, size_t from) {
  if (from >= text.size() || (text[from] != '2' && text[from] != '4' && text[from] != '5')) {
    return 0;
  }
  size_t end = from + 1;
  for (int part = 0; part < 2; ++part) {
    if (end >= text.size() || text[end] != '.') return 0;
    const size_t digits = DigitRun(text, end + 1);
    if (digits == 0) return 0;
    end += 1 + digits;
  }
  const bool ends = end == text.size() || kAfterEnhancedCode.find(text[end]) < std::string::npos;
  // An IPv4 address or a version goes on with another number.
  const bool goes_on = end + 1 < text.size() && text[end] == '.' && IsDigit(text[end + 1]);
  return ends && !goes_on ? end - from : 0;
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

std::string_view EnhancedCodeOf(const Reply& reply) {
  const std::string_view text = reply.text;
  if (const size_t length = EnhancedCodeLength(text, 0); length > 0) return text.substr(0, length);
  for (size_t at = 0; at < text.size(); ++at) {
    // Elsewhere in the text, numbers of another class are taken for something else.
    if (text[at] - '0' != reply.code / 100) continue;
    if (at > 0 && kBeforeEnhancedCode.find(text[at - 1]) == std::string_view::npos) continue;
    if (const size_t length = EnhancedCodeLength(text, at); length > 0) {
      return text.substr(at, length);
    }
  }
  return {};
}

}  // namespace lmsmail::smtp
