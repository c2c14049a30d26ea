#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "absl/status/status.h"

#include "libs/smtp/capabilities.h"

namespace lmsmail::smtp {

// Checks that `address` can stand between the "<" and ">" of MAIL or RCPT: no control character,
// space or angle bracket, well-formed UTF-8, an '@' with text on both sides, at most 254 octets
// (RFC 5321 section 4.5.3.1.3). INVALID_ARGUMENT names `field`, never the address.
absl::Status CheckEnvelopeAddress(std::string_view field, std::string_view address);

struct MailParameters {
  size_t size = 0;
  bool smtputf8 = false;
  bool eight_bit = false;
};

// Appends "MAIL FROM:<sender> SIZE=..." and CRLF, with the parameters that the server supports.
void AppendMailCommand(std::string_view sender, const MailParameters& parameters,
                       const Capabilities& server, std::string& out);
void AppendRcptCommand(std::string_view recipient, std::string& out);

}  // namespace lmsmail::smtp
