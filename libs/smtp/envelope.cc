#include "libs/smtp/envelope.h"

#include <charconv>

#include "libs/status/error_details.h"
#include "libs/strings/utf8.h"

namespace lmsmail::smtp {
namespace {

constexpr size_t kMaxAddress = 254;

bool IsSafe(std::string_view address) {
  while (!address.empty()) {
    const auto point = FirstCodePoint(address);
    if (!point) return false;
    const char32_t c = point->value;
    if (c <= ' ' || (c >= 0x7f && c < 0xa0) || c == '<' || c == '>') return false;
    address.remove_prefix(point->size);
  }
  return true;
}

}  // namespace

absl::Status CheckEnvelopeAddress(std::string_view field, std::string_view address) {
  if (address.size() > kMaxAddress) {
    return InvalidField(field, "must be at most 254 octets");
  }
  if (!IsSafe(address)) {
    return InvalidField(field, "must hold no space, control character or angle bracket");
  }
  const size_t at = address.rfind('@');
  if (at == std::string_view::npos || at == 0 || at + 1 == address.size()) {
    return InvalidField(field, "must have the form local@domain");
  }
  return absl::OkStatus();
}

void AppendMailCommand(std::string_view sender, const MailParameters& parameters,
                       const Capabilities& server, std::string& out) {
  out.append("MAIL FROM:<").append(sender).push_back('>');
  if (server.size) {
    char digits[24];
    char* const end = std::to_chars(digits, digits + sizeof(digits), parameters.size).ptr;
    out.append(" SIZE=").append(digits, end);
  }
  // SMTPUTF8 messages may be 8-bit whatever their body is (RFC 6531 section 3.6).
  if ((parameters.eight_bit || parameters.smtputf8) && server.eight_bit_mime) {
    out.append(" BODY=8BITMIME");
  }
  if (parameters.smtputf8) out.append(" SMTPUTF8");
  out.append("\r\n");
}

void AppendRcptCommand(std::string_view recipient, std::string& out) {
  out.append("RCPT TO:<").append(recipient).append(">\r\n");
}

}  // namespace lmsmail::smtp
