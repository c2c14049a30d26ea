#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"

#include "libs/language/best_match.h"
#include "libs/render/template.h"
#include "services/dispatch/message/message.h"

namespace lmsmail::dispatch {

// One immutable version of a template, compiled in each of its languages.
struct CompiledVersion {
  struct Language {
    std::string code;  // BCP 47
    std::shared_ptr<const render::Template> compiled;
  };
  TemplateRef ref;
  std::vector<Language> languages;  // never empty; the first is the fallback

  const Language& LanguageFor(std::string_view code) const {
    return language::BestMatch(languages, &Language::code, code);
  }
};

// Provides templates. Thread-safe. Errors: NOT_FOUND for a template or version that does not exist,
// FAILED_PRECONDITION for a template without a published version or content, UNAVAILABLE while the
// template service cannot be reached.
class TemplateSource {
 public:
  virtual ~TemplateSource() = default;
  // Returns the version that new mail is pinned to. Without `version`, the published one.
  virtual absl::StatusOr<TemplateRef> Resolve(std::string_view key, std::optional<int> version,
                                              absl::Time deadline) = 0;
  virtual absl::StatusOr<std::shared_ptr<const CompiledVersion>> Get(std::string_view key,
                                                                     int version,
                                                                     absl::Time deadline) = 0;
};

}  // namespace lmsmail::dispatch
