#include "services/dispatch/rendering/template_source.h"

#include "absl/strings/match.h"

#include "libs/strings/view.h"

namespace lmsmail::dispatch {
namespace {

std::string_view PrimarySubtag(std::string_view code) { return code.substr(0, code.find('-')); }

bool SameCode(std::string_view a, std::string_view b) {
  return absl::EqualsIgnoreCase(ToAbsl(a), ToAbsl(b));
}

}  // namespace

const CompiledVersion::Language& CompiledVersion::Pick(std::string_view language_code) const {
  const Language* related = nullptr;
  const std::string_view primary = PrimarySubtag(language_code);
  for (const Language& language : languages) {
    if (SameCode(language.code, language_code)) return language;
    if (!SameCode(PrimarySubtag(language.code), primary)) continue;
    if (related == nullptr || SameCode(language.code, primary)) related = &language;
  }
  return related != nullptr ? *related : languages.front();
}

}  // namespace lmsmail::dispatch
