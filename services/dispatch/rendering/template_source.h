#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"

#include "libs/render/template.h"
#include "services/dispatch/message/message.h"

namespace lmsmail::dispatch {

// One immutable version of a template, ready to render in each of its languages.
struct CompiledVersion {
  struct Language {
    std::string code;  // BCP 47
    std::shared_ptr<const render::Template> compiled;
  };
  TemplateRef ref;
  std::vector<Language> languages;  // never empty; the first is the fallback

  // The wording for `language_code`: the same code, else one that shares its primary subtag
  // ("de-AT" for "de-DE", and "de" before either), else the first.
  const Language& Pick(std::string_view language_code) const;
};

// Where wording comes from. Thread-safe. Errors: NOT_FOUND for what does not exist (for good),
// FAILED_PRECONDITION for a template without a published version, UNAVAILABLE while it cannot be
// asked.
class TemplateSource {
 public:
  virtual ~TemplateSource() = default;
  // What new mail of this template is pinned to. No `version` means the published one.
  virtual absl::StatusOr<TemplateRef> Resolve(std::string_view key, std::optional<int> version) = 0;
  virtual absl::StatusOr<std::shared_ptr<const CompiledVersion>> Get(std::string_view key,
                                                                     int version) = 0;
};

}  // namespace lmsmail::dispatch
