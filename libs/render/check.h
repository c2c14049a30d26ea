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
  // Schema variables ("report.summary") whose value is HTML, made by us, that {{{name}}} may put
  // into the html part as it is.
  std::set<std::string, std::less<>> unescaped_allowed;
};

struct CheckResult {
  std::vector<Diagnostic> errors;    // the template must not be saved
  std::vector<Diagnostic> warnings;  // it may be; its author should know
};

// Everything that is wrong with a template, at once. No errors: Template::Compile succeeds.
CheckResult CheckTemplate(const Content& content, const std::vector<Variable>& variables,
                          const CheckOptions& options = {});

}  // namespace lmsmail::render
