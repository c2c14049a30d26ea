#pragma once

#include <string>

namespace lmsmail {

// Whether `host` names this machine's loopback interface: localhost, an address in 127.0.0.0/8
// (RFC 1122 section 3.2.1.3), or ::1 with or without brackets. A name that only begins like such an
// address does not.
bool IsLoopbackHost(const std::string& host);

}  // namespace lmsmail
