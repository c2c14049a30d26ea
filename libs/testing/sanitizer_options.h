#pragma once

#include <cstdlib>
#include <string>
#include <vector>

namespace lmsmail {

// What tells this program's sanitizers which findings to ignore and where to write the others, as
// entries of an environment: programs that a test starts get one of their own, and would otherwise
// report what nobody reads. Empty in a build without sanitizers.
inline std::vector<std::string> SanitizerOptions() {
  std::vector<std::string> options;
  for (const char* const name : {"ASAN_OPTIONS", "LSAN_OPTIONS", "TSAN_OPTIONS", "UBSAN_OPTIONS"}) {
    if (const char* const value = std::getenv(name)) {
      options.push_back(std::string(name) + "=" + value);
    }
  }
  return options;
}

}  // namespace lmsmail
