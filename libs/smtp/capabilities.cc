#include "libs/smtp/capabilities.h"

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_split.h"

#include "libs/strings/view.h"

namespace lmsmail::smtp {
namespace {

void ApplyLine(absl::string_view line, Capabilities& capabilities) {
  std::vector<std::string> words =
      absl::StrSplit(absl::AsciiStrToUpper(line), absl::ByAnyChar(" \t"), absl::SkipEmpty());
  if (words.empty()) return;
  const std::string& keyword = words[0];
  if (keyword == "PIPELINING") capabilities.pipelining = true;
  if (keyword == "8BITMIME") capabilities.eight_bit_mime = true;
  if (keyword == "SMTPUTF8") capabilities.smtputf8 = true;
  if (keyword == "STARTTLS") capabilities.starttls = true;
  if (keyword == "SIZE") {
    capabilities.size = true;
    if (words.size() < 2 || !absl::SimpleAtoi(words[1], &capabilities.max_size)) {
      capabilities.max_size = 0;
    }
  }
  // Some servers also send "AUTH=PLAIN LOGIN", a form that is older than RFC 2554.
  if (keyword == "AUTH" || keyword.starts_with("AUTH=")) {
    auto& mechanisms = capabilities.auth_mechanisms;
    if (keyword.size() > 5) mechanisms.push_back(keyword.substr(5));
    mechanisms.insert(mechanisms.end(), words.begin() + 1, words.end());
  }
}

}  // namespace

Capabilities ParseEhlo(std::string_view text) {
  Capabilities capabilities;
  bool is_greeting = true;
  for (absl::string_view line : absl::StrSplit(ToAbsl(text), '\n')) {
    if (!is_greeting && !line.empty()) {
      capabilities.lines.emplace_back(line);
      ApplyLine(line, capabilities);
    }
    is_greeting = false;
  }
  return capabilities;
}

}  // namespace lmsmail::smtp
