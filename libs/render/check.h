#pragma once

#include <functional>
#include <set>
#include <string>
#include <vector>

#include "libs/render/content.h"
#include "libs/render/diagnostic.h"
#include "libs/render/variable.h"

namespace lmsmail::render {

struct CheckOptions {
  // Declared variables ("report.summary") whose value is trusted HTML: {{{name}}} may put it into
  // the html part unescaped.
  std::set<std::string, std::less<>> unescaped_allowed = {};
  // Of the content; its plurals are checked. Empty: they are not.
  std::string language_code = "";
};

struct CheckResult {
  std::vector<Diagnostic> errors;    // the template must not be saved
  std::vector<Diagnostic> warnings;  // for the author; the template may be saved
};

// Finds all errors of a template at once. Without errors Template::Compile succeeds.
CheckResult CheckTemplate(const Content& content, const std::vector<Variable>& variables,
                          const CheckOptions& options = {});

}  // namespace lmsmail::render
