#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "libs/status/error_details.h"
#include "services/template/domain/template.h"

namespace lmsmail::templates {

inline constexpr std::size_t kMaxLanguages = 20;
inline constexpr std::size_t kMaxVariables = 200;
inline constexpr std::size_t kMaxSubjectBytes = 998;  // RFC 5322 section 2.1.1: one header line
inline constexpr std::size_t kMaxSampleBytes = 8 * 1024;
// In characters (code points).
inline constexpr std::size_t kMaxDisplayName = 120;
inline constexpr std::size_t kMaxDescription = 1000;

struct ContentFindings {
  Violations violations;              // of fields such as "contents[0].html"
  std::vector<std::string> warnings;  // shown to the editor
};

// Reports everything that is wrong with `content`, in all languages and parts.
ContentFindings ValidateContent(const TemplateContent& content);

void ValidateDisplayName(std::string_view text, std::string_view field, Violations& violations);
void ValidateDescription(std::string_view text, std::string_view field, Violations& violations);

}  // namespace lmsmail::templates
