#include "libs/mime/transfer_encoding.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>

namespace lmsmail::mime {
namespace {

// Eight octets at a time: most of a mail is runs of plain characters, which are found and copied a
// word at a time. Each of these sets the top bit of exactly the octets that it looks for.
constexpr std::uint64_t Everywhere(std::uint8_t octet) { return 0x0101010101010101u * octet; }
constexpr std::uint64_t kTopBits = Everywhere(0x80);
constexpr std::uint64_t kLowBits = Everywhere(0x7f);

std::uint64_t LoadWord(const char* text) {
  std::uint64_t word;
  std::memcpy(&word, text, sizeof word);
  return word;
}
constexpr std::uint64_t EqualTo(std::uint64_t word, std::uint8_t octet) {
  const std::uint64_t difference = word ^ Everywhere(octet);
  return ~(((difference & kLowBits) + kLowBits) | difference) & kTopBits;
}
constexpr std::uint64_t Control(std::uint64_t word) {  // below the space
  return ~(((word & kLowBits) + Everywhere(0x80 - ' ')) | word) & kTopBits;
}
constexpr std::uint64_t MustEncode(std::uint64_t word) {
  return (word & kTopBits) | EqualTo(word, 0x7f) | EqualTo(word, '=');
}

// How many octets have their top bit set, given no other bits.
constexpr std::size_t CountOctets(std::uint64_t tops) { return (tops >> 7) * Everywhere(1) >> 56; }

bool IsLiteral(char c) { return c >= ' ' && c < 0x7f && c != '='; }

// How many of the first eight octets stand for themselves before one that may not.
std::size_t LiteralRun(const char* text, const char* end) {
  if constexpr (std::endian::native == std::endian::little) {
    if (end - text >= 8) {
      const std::uint64_t word = LoadWord(text);
      return static_cast<std::size_t>(std::countr_zero(MustEncode(word) | Control(word))) / 8;
    }
  }
  const char* const stop = text + std::min<std::ptrdiff_t>(8, end - text);
  return static_cast<std::size_t>(std::find_if_not(text, stop, IsLiteral) - text);
}

// One line of quoted-printable text, handed to `out` when it ends.
class QuotedPrintableLine {
 public:
  explicit QuotedPrintableLine(std::string& out) : out_(out) {}

  bool empty() const { return size_ == 0; }

  // To be called before literals, since it may start a new line.
  void MakeRoom() {
    if (size_ == kRoom) BreakSoftly();
  }

  // Takes as many of `count` <= 8 octets as fit and returns how many that were. Eight octets must
  // be readable at `text` unless `count` is all there is before `end`.
  std::size_t PutLiterals(const char* text, std::size_t count, const char* end) {
    count = std::min(count, kRoom - size_);
    // A copy of constant size is one instruction; what is copied too much is overwritten.
    std::memcpy(line_.data() + size_, text, end - text >= 8 ? 8 : count);
    size_ += count;
    return count;
  }

  void PutEncoded(char c) {
    if (size_ + 3 > kRoom) BreakSoftly();
    WriteEncoded(c);
  }

  void BreakHard() {
    Finish();
    out_.append("\r\n", 2);
  }

  // Space at the end of a line would not survive transport.
  void Finish() {
    if (size_ > 0 && (line_[size_ - 1] == ' ' || line_[size_ - 1] == '\t')) {
      const char blank = line_[--size_];
      PutEncoded(blank);
    }
    Flush();
  }

 private:
  static constexpr std::size_t kRoom = 75;  // 76 less the "=" of a soft break

  void WriteEncoded(char c) {
    constexpr char kHex[] = "0123456789ABCDEF";
    const auto octet = static_cast<std::uint8_t>(c);
    line_[size_++] = '=';
    line_[size_++] = kHex[octet >> 4];
    line_[size_++] = kHex[octet & 15];
  }

  void BreakSoftly() {
    Flush();
    out_.append("=\r\n", 3);
  }

  void Flush() {
    out_.append(line_.data(), size_);
    size_ = 0;
  }

  std::string& out_;
  std::array<char, kRoom + 8> line_;  // the copies of eight octets may run past the room
  std::size_t size_ = 0;
};

bool NeedsArmourAtLineStart(const char* text, const char* end) {
  return *text == '.' || (*text == 'F' && end - text >= 5 && std::memcmp(text, "From ", 5) == 0);
}

// `text` with every line end written as CRLF.
void AppendWithCrlf(std::string_view text, std::string& out) {
  while (!text.empty()) {
    const std::size_t feed = text.find('\n');
    const std::size_t end = std::min(text.substr(0, feed).find('\r'), feed);
    out.append(text.substr(0, end));
    if (end == std::string_view::npos) return;
    out.append("\r\n", 2);
    text.remove_prefix(end + (end + 1 == feed ? 2 : 1));
  }
}

std::uint32_t Octet(char c) { return static_cast<std::uint8_t>(c); }

// Writes 24 bits as four characters.
char* WriteBase64(std::uint32_t bits, char* to) {
  constexpr char kAlphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  to[0] = kAlphabet[bits >> 18];
  to[1] = kAlphabet[bits >> 12 & 63];
  to[2] = kAlphabet[bits >> 6 & 63];
  to[3] = kAlphabet[bits & 63];
  return to + 4;
}

}  // namespace

TransferEncoding ShorterEncoding(std::string_view text) {
  std::size_t encoded = 0;
  const char* p = text.data();
  const char* const end = p + text.size();
  for (; end - p >= 8; p += 8) encoded += CountOctets(MustEncode(LoadWord(p)));
  encoded += std::count_if(p, end, [](char c) { return (c & 0x80) != 0 || c == 0x7f || c == '='; });
  // n + 2 * encoded octets against 4 / 3 * n.
  return 6 * encoded > text.size() ? TransferEncoding::kBase64 : TransferEncoding::kQuotedPrintable;
}

std::string_view TransferEncodingName(TransferEncoding encoding) {
  return encoding == TransferEncoding::kBase64 ? "base64" : "quoted-printable";
}

void AppendQuotedPrintable(std::string_view text, std::string& out) {
  QuotedPrintableLine line(out);
  const char* p = text.data();
  const char* const end = p + text.size();
  while (p != end) {
    if (const std::size_t run = LiteralRun(p, end); run > 0) {
      line.MakeRoom();
      if (line.empty() && NeedsArmourAtLineStart(p, end)) {
        line.PutEncoded(*p++);
      } else {
        p += line.PutLiterals(p, run, end);
      }
    } else if (*p == '\n' || *p == '\r') {
      line.BreakHard();
      p += (*p == '\r' && end - p >= 2 && p[1] == '\n') ? 2 : 1;
    } else if (*p == '\t') {
      line.MakeRoom();
      p += line.PutLiterals(p, 1, end);
    } else {
      line.PutEncoded(*p++);
    }
  }
  line.Finish();
}

void AppendBase64Unbroken(std::string_view octets, std::string& out) {
  const std::size_t start = out.size();
  out.resize(start + (octets.size() + 2) / 3 * 4);
  char* to = out.data() + start;
  const char* p = octets.data();
  const char* const end = p + octets.size();
  for (; end - p >= 3; p += 3) {
    to = WriteBase64(Octet(p[0]) << 16 | Octet(p[1]) << 8 | Octet(p[2]), to);
  }
  if (end - p == 2) {
    WriteBase64(Octet(p[0]) << 16 | Octet(p[1]) << 8, to)[-1] = '=';
  } else if (end - p == 1) {
    to = WriteBase64(Octet(p[0]) << 16, to);
    to[-1] = to[-2] = '=';
  }
}

void AppendBase64(std::string_view text, std::string& out) {
  constexpr std::size_t kOctetsPerLine = 57;  // 76 characters
  thread_local std::string canonical;
  canonical.clear();
  AppendWithCrlf(text, canonical);
  for (std::string_view rest = canonical; !rest.empty();) {
    const std::string_view line = rest.substr(0, kOctetsPerLine);
    AppendBase64Unbroken(line, out);
    rest.remove_prefix(line.size());
    if (!rest.empty()) out.append("\r\n", 2);
  }
}

}  // namespace lmsmail::mime
