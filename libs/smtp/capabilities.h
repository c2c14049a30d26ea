#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace lmsmail::smtp {

// What a server offers in its answer to EHLO (RFC 5321 section 4.1.1.1). All absent after HELO.
struct Capabilities {
  bool pipelining = false;                   // RFC 2920
  bool eight_bit_mime = false;               // RFC 6152
  bool smtputf8 = false;                     // RFC 6531
  bool starttls = false;                     // RFC 3207
  bool size = false;                         // RFC 1870
  uint64_t max_size = 0;                     // octets; 0: no fixed limit
  std::vector<std::string> auth_mechanisms;  // RFC 4954, upper case
  std::vector<std::string> lines;            // as the server wrote them, without its greeting line
};

// `text` is the reply's text, lines joined by '\n'. Keywords are matched in any case.
Capabilities ParseEhlo(std::string_view text);

}  // namespace lmsmail::smtp
