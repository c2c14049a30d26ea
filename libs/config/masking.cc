#include "libs/config/masking.h"

#include <regex>

namespace lmsmail::config::internal {

std::string MaskPasswords(const std::string& text) {
  // Greedy up to the last @: a password that should have had its @ escaped is still hidden.
  static const std::regex uri(R"((://[^:/@\s]*:)\S*@)");
  // libpq's quoting: '...' with backslash escapes.
  static const std::regex parameter(R"((password\s*=\s*)('(\\.|[^'\\])*'?|[^\s&]+))",
                                    std::regex::icase);
  return std::regex_replace(std::regex_replace(text, uri, "$1***@"), parameter, "$1***");
}

}  // namespace lmsmail::config::internal
