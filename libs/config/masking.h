#pragma once

#include <string>

namespace lmsmail::config::internal {

// Replaces by "***" the passwords of connection strings, both "scheme://user:password@host" and
// "password=...", so that a value can be logged.
std::string MaskPasswords(const std::string& text);

}  // namespace lmsmail::config::internal
