#pragma once

#include <cstdlib>
#include <string>
#include <vector>

namespace lmsmail {

// Whether a sanitizer instruments this build, whose shadow memory counts as resident memory.
#ifdef LMSMAIL_SANITIZED
inline constexpr bool kSanitized = true;
#else
inline constexpr bool kSanitized = false;
#endif

// The options of this program's sanitizers, as entries of an environment: suppressions and the path
// of the reports. Programs that a test starts in an environment of their own need them. Empty in a
// build without sanitizers.
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
