#include "services/template/wording_check.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "absl/strings/ascii.h"

#include "libs/language/language_code.h"
#include "libs/render/check.h"
#include "libs/strings/view.h"
#include "libs/validation/text.h"
#include "services/template/declarations.h"

namespace lmsmail::templates {
namespace {

using render::VariableType;

bool IsControl(char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; }
bool IsLayout(char c) { return c == '\t' || c == '\n' || c == '\r'; }

void CheckControls(std::string_view text, std::string field, Violations& violations) {
  const auto* const at =
      std::ranges::find_if(text, [](char c) { return IsControl(c) && !IsLayout(c); });
  if (at == text.end()) return;
  const auto line = 1 + std::count(text.begin(), at, '\n');
  violations.Add(std::move(field),
                 fmt::format("line {} has the control character {:#04x}: remove it", line,
                             static_cast<unsigned char>(*at)));
}

void CheckLanguages(const std::vector<LocalizedContent>& contents, Violations& violations) {
  if (contents.empty()) violations.Add("contents", "is required: give at least one language");
  if (contents.size() > kMaxLanguages) {
    violations.Add("contents",
                   fmt::format("has {} languages, {} are allowed", contents.size(), kMaxLanguages));
  }
  std::set<std::string> seen;
  for (std::size_t i = 0; i < contents.size(); ++i) {
    const std::string& code = contents[i].language_code;
    const std::string field = fmt::format("contents[{}].language_code", i);
    if (!language::IsLanguageCode(code)) {
      violations.Add(field, "is not a BCP 47 language code: write one like en or de-AT");
    } else if (!seen.insert(absl::AsciiStrToLower(code)).second) {
      violations.Add(field, fmt::format("\"{}\" is given twice", code));
    }
  }
}

void CheckParts(const LocalizedContent& content, const std::string& field, Violations& violations) {
  if (content.subject.size() > kMaxSubjectBytes) {
    violations.Add(field + ".subject", fmt::format("has {} bytes, {} are allowed",
                                                   content.subject.size(), kMaxSubjectBytes));
  }
  if (content.html.empty()) violations.Add(field + ".html", "is required");
  // When both are empty, CheckTemplate says so about the text.
  if (content.text.empty() && !content.html.empty()) violations.Add(field + ".text", "is required");
  CheckControls(content.subject, field + ".subject", violations);
  CheckControls(content.html, field + ".html", violations);
  CheckControls(content.text, field + ".text", violations);
}

bool NeedsSample(const Variable& variable) {
  return variable.required && variable.type != VariableType::kList &&
         variable.type != VariableType::kObject;
}

void CheckVariables(const std::vector<Variable>& variables, Violations& violations) {
  if (variables.size() > kMaxVariables) {
    violations.Add("variables", fmt::format("has {} variables, {} are allowed", variables.size(),
                                            kMaxVariables));
  }
  for (std::size_t i = 0; i < variables.size(); ++i) {
    const Variable& variable = variables[i];
    const std::string field = fmt::format("variables[{}]", i);
    if (NeedsSample(variable) && variable.sample.empty()) {
      violations.Add(field + ".sample",
                     fmt::format("is required, because {} is", render::Quote(variable.name)));
    }
    if (variable.sample.size() > kMaxSampleBytes) {
      violations.Add(field + ".sample", fmt::format("has {} bytes, {} are allowed",
                                                    variable.sample.size(), kMaxSampleBytes));
    }
    CheckControls(variable.sample, field + ".sample", violations);
    CheckDescription(variable.description, field + ".description", violations);
  }
}

void CheckUnescaped(const Wording& wording, Violations& violations) {
  std::set<std::string_view> seen;
  for (std::size_t i = 0; i < wording.unescaped_variables.size(); ++i) {
    const std::string& name = wording.unescaped_variables[i];
    const std::string field = fmt::format("unescaped_variables[{}]", i);
    const auto declared = std::ranges::find(wording.variables, name, &Variable::name);
    if (declared == wording.variables.end()) {
      violations.Add(field, fmt::format("{} is not declared in variables", render::Quote(name)));
    } else if (declared->type != VariableType::kString) {
      violations.Add(field,
                     fmt::format("{} is a {}: only a string can hold HTML", render::Quote(name),
                                 render::VariableTypeName(declared->type)));
    } else if (!seen.insert(name).second) {
      violations.Add(field, fmt::format("{} is given twice", render::Quote(name)));
    }
  }
}

// What CheckTemplate finds. Faults of the declarations are the same for every language and reported
// with the first only.
void CheckMustache(const Wording& wording, WordingFaults& out) {
  const std::vector<render::Variable> variables = ToRender(wording.variables);
  render::CheckOptions options;
  options.unescaped_allowed.insert(wording.unescaped_variables.begin(),
                                   wording.unescaped_variables.end());
  for (std::size_t i = 0; i < wording.contents.size(); ++i) {
    const LocalizedContent& content = wording.contents[i];
    const render::CheckResult result = render::CheckTemplate(
        {.subject = content.subject, .html = content.html, .text = content.text}, variables,
        options);
    const Violations faults = render::ToViolations(result.errors);
    for (const FieldViolation& fault : faults.list()) {
      if (fault.field != PartName(render::Part::kVariables)) {
        out.violations.Add(fmt::format("contents[{}].{}", i, fault.field), fault.description);
      } else if (i == 0) {
        out.violations.Add(fault.field, fault.description);
      }
    }
    for (const render::Diagnostic& warning : result.warnings) {
      out.warnings.push_back(fmt::format("{}: {}", content.language_code, warning.message));
    }
  }
}

}  // namespace

WordingFaults CheckWording(const Wording& wording) {
  WordingFaults out;
  CheckLanguages(wording.contents, out.violations);
  CheckVariables(wording.variables, out.violations);
  CheckUnescaped(wording, out.violations);
  // Far past the limits, checking each part would only take time.
  if (wording.contents.size() > kMaxLanguages || wording.variables.size() > kMaxVariables) {
    return out;
  }
  for (std::size_t i = 0; i < wording.contents.size(); ++i) {
    CheckParts(wording.contents[i], fmt::format("contents[{}]", i), out.violations);
  }
  CheckMustache(wording, out);
  return out;
}

void CheckDisplayName(std::string_view text, std::string_view field, Violations& violations) {
  validation::CheckText(text, field, {.max_length = kMaxDisplayName}, violations);
}

void CheckDescription(std::string_view text, std::string_view field, Violations& violations) {
  validation::CheckText(text, field, {.max_length = kMaxDescription, .multiline = true},
                        violations);
}

}  // namespace lmsmail::templates
