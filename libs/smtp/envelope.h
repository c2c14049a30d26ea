#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "absl/status/status.h"

#include "libs/smtp/capabilities.h"

namespace lmsmail::smtp {

// Fit to stand between "<" and ">" of MAIL or RCPT without ending it: no control character, space
// or angle bracket, well-formed UTF-8, one '@' with something on either side, at most 254 octets
// (RFC 5321 section 4.5.3.1.3). INVALID_ARGUMENT names `field`, never the address.
absl::Status CheckEnvelopeAddress(std::string_view field, std::string_view address);

struct MailParameters {
  size_t size = 0;
  bool smtputf8 = false;
  bool eight_bit = false;
};

// "MAIL FROM:<sender> SIZE=..." with CRLF, with those parameters that the server knows.
void AppendMailCommand(std::string_view sender, const MailParameters& parameters,
                       const Capabilities& server, std::string& out);
void AppendRcptCommand(std::string_view recipient, std::string& out);

}  // namespace lmsmail::smtp
