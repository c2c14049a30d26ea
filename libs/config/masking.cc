#include "libs/config/masking.h"

#include <regex>

namespace lmsmail::config::internal {

std::string MaskPasswords(const std::string& text) {
  // Greedy up to the last @, so that a password whose @ was not escaped is hidden too.
  static const std::regex uri(R"((://[^:/@\s]*:)\S*@)");
  // libpq's quoting: '...' with backslash escapes.
  static const std::regex parameter(R"((password\s*=\s*)('(\\.|[^'\\])*'?|[^\s&]+))",
                                    std::regex::icase);
  return std::regex_replace(std::regex_replace(text, uri, "$1***@"), parameter, "$1***");
}

}  // namespace lmsmail::config::internal
