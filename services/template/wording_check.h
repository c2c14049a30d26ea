#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "libs/status/error_details.h"
#include "services/template/template.h"

namespace lmsmail::templates {

inline constexpr std::size_t kMaxLanguages = 20;
inline constexpr std::size_t kMaxVariables = 200;
inline constexpr std::size_t kMaxSubjectBytes = 998;  // RFC 5322 section 2.1.1: a line of a header
inline constexpr std::size_t kMaxSampleBytes = 8 * 1024;
// In characters.
inline constexpr std::size_t kMaxDisplayName = 120;
inline constexpr std::size_t kMaxDescription = 1000;

struct WordingFaults {
  Violations violations;              // of fields such as "contents[0].html"
  std::vector<std::string> warnings;  // for people
};

// Everything that is wrong with `wording`, over all languages and parts at once.
WordingFaults CheckWording(const Wording& wording);

void CheckDisplayName(std::string_view text, std::string_view field, Violations& violations);
void CheckDescription(std::string_view text, std::string_view field, Violations& violations);

}  // namespace lmsmail::templates
