#pragma once

#include <string>

namespace lmsmail::config::internal {

// Replaces passwords in connection strings, "scheme://user:password@host" and "password=...", with
// "***", so that a value can be logged.
std::string MaskPasswords(const std::string& text);

}  // namespace lmsmail::config::internal
