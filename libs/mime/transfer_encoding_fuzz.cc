#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "libs/mime/transfer_encoding.h"

namespace {

using namespace lmsmail::mime;  // NOLINT: a program of its own

void Require(bool condition) {
  if (!condition) std::abort();
}

// CRLF, LF and CR become CRLF.
std::string WithCrlf(std::string_view text) {
  std::string result;
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (text[at] != '\r' && text[at] != '\n') {
      result += text[at];
      continue;
    }
    if (text.substr(at, 2) == "\r\n") ++at;
    result += "\r\n";
  }
  return result;
}

int HexValue(char c) {
  return c >= '0' && c <= '9' ? c - '0' : c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

// RFC 2045 section 6.7, strictly.
std::string DecodeQuotedPrintable(std::string_view text) {
  std::string result;
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (text[at] != '=') {
      result += text[at];
      continue;
    }
    Require(at + 2 < text.size());
    if (text.substr(at + 1, 2) != "\r\n") {
      const int high = HexValue(text[at + 1]);
      const int low = HexValue(text[at + 2]);
      Require(high >= 0 && low >= 0);
      result += static_cast<char>(high << 4 | low);
    }
    at += 2;
  }
  return result;
}

int DigitOf(char c) {
  constexpr std::string_view kAlphabet =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  return static_cast<int>(kAlphabet.find(c));
}

std::string DecodeBase64(std::string_view text) {
  std::string result;
  unsigned pending = 0;
  int bits = 0;
  for (const char c : text) {
    if (c == '\r' || c == '\n' || c == '=') continue;
    Require(DigitOf(c) >= 0 && DigitOf(c) < 64);
    pending = pending << 6 | static_cast<unsigned>(DigitOf(c));
    bits += 6;
    if (bits < 8) continue;
    bits -= 8;
    result += static_cast<char>(pending >> bits & 0xff);
  }
  return result;
}

void CheckLines(std::string_view encoded) {
  while (!encoded.empty()) {
    const std::string_view line = encoded.substr(0, encoded.find("\r\n"));
    Require(line.size() <= 76);
    Require(std::ranges::all_of(line, [](char c) { return (c >= ' ' && c < 0x7f) || c == '\t'; }));
    Require(line.empty() || (line.back() != ' ' && line.back() != '\t'));
    Require(!line.starts_with('.') && !line.starts_with("From "));
    encoded.remove_prefix(std::min(line.size() + 2, encoded.size()));
  }
}

}  // namespace

// The input is a text, which must survive both encodings.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  std::string encoded;
  AppendQuotedPrintable(text, encoded);
  CheckLines(encoded);
  Require(encoded.find("=_") == std::string::npos);
  Require(DecodeQuotedPrintable(encoded) == WithCrlf(text));
  encoded.clear();
  AppendBase64(text, encoded);
  CheckLines(encoded);
  Require(DecodeBase64(encoded) == WithCrlf(text));
  static_cast<void>(ShorterEncoding(text));
  return 0;
}
