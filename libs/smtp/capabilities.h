#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace lmsmail::smtp {

// The extensions in a server's reply to EHLO (RFC 5321 section 4.1.1.1). HELO leaves all unset.
struct Capabilities {
  bool pipelining = false;                   // RFC 2920
  bool eight_bit_mime = false;               // RFC 6152
  bool smtputf8 = false;                     // RFC 6531
  bool starttls = false;                     // RFC 3207
  bool size = false;                         // RFC 1870
  uint64_t max_size = 0;                     // octets; 0: no stated limit
  std::vector<std::string> auth_mechanisms;  // RFC 4954, upper case
  std::vector<std::string> lines;            // as the server sent them, without its greeting line
};

// `text` is the reply's text, its lines joined by '\n'. Keywords are case-insensitive.
Capabilities ParseEhlo(std::string_view text);

}  // namespace lmsmail::smtp
