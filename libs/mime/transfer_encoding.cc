#include "libs/mime/transfer_encoding.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>

#include "libs/strings/octets.h"

namespace lmsmail::mime {
namespace {

// What quoted-printable must encode, apart from line ends and tabs.
constexpr auto kMustEncode = [](Octets x) { return (x > 0x7e) | (x == '='); };
constexpr auto kNotLiteral = [](Octets x) { return (x < ' ') | (x > 0x7e) | (x == '='); };

bool IsLiteral(char c) { return c >= ' ' && c < 0x7f && c != '='; }

// One line of quoted-printable text, appended to `out` when it ends.
class QuotedPrintableLine {
 public:
  explicit QuotedPrintableLine(std::string& out) : out_(out) {}

  bool empty() const { return size_ == 0; }

  // Starts a new line when this one is full. Call it before adding literals.
  void MakeRoom() {
    if (size_ == kRoom) BreakSoftly();
  }

  // Adds the longest prefix of `text` that needs no encoding and fits. Returns its size.
  std::size_t PutLiterals(std::string_view text) {
    text = text.substr(0, kRoom - size_);
    return Put(text.substr(0, FindOctet(text, kNotLiteral)));
  }

  // Adds `text`, which must fit.
  std::size_t Put(std::string_view text) {
    std::memcpy(line_.data() + size_, text.data(), text.size());
    size_ += text.size();
    return text.size();
  }

  void PutEncoded(char c) {
    if (size_ + 3 > kRoom) BreakSoftly();
    WriteEncoded(c);
  }

  void BreakHard() {
    Finish();
    out_.append("\r\n", 2);
  }

  // Encodes white space at the end of a line, which transport could remove.
  void Finish() {
    if (size_ > 0 && (line_[size_ - 1] == ' ' || line_[size_ - 1] == '\t')) {
      const char blank = line_[--size_];
      PutEncoded(blank);
    }
    Flush();
  }

 private:
  static constexpr std::size_t kRoom = 75;  // 76 minus the "=" of a soft break

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
  std::array<char, kRoom> line_;
  std::size_t size_ = 0;
};

bool NeedsEncodingAtLineStart(std::string_view text) {
  return text.starts_with('.') || text.starts_with("From ");
}

// Appends `text` with every line end as CRLF.
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
  const std::size_t encoded = CountOctets(text, kMustEncode);
  // n + 2 * encoded octets against 4 / 3 * n.
  return 6 * encoded > text.size() ? TransferEncoding::kBase64 : TransferEncoding::kQuotedPrintable;
}

std::string_view TransferEncodingName(TransferEncoding encoding) {
  return encoding == TransferEncoding::kBase64 ? "base64" : "quoted-printable";
}

void AppendQuotedPrintable(std::string_view text, std::string& out) {
  QuotedPrintableLine line(out);
  while (!text.empty()) {
    const char c = text.front();
    std::size_t taken = 1;
    if (c == '\n' || c == '\r') {
      line.BreakHard();
      if (text.starts_with("\r\n")) taken = 2;
    } else if (IsLiteral(c) || c == '\t') {
      line.MakeRoom();
      if (line.empty() && NeedsEncodingAtLineStart(text)) {
        line.PutEncoded(c);
      } else {
        taken = c == '\t' ? line.Put(text.substr(0, 1)) : line.PutLiterals(text);
      }
    } else {
      line.PutEncoded(c);
    }
    text.remove_prefix(taken);
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
  static thread_local std::string canonical;
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
