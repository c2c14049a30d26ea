#include "services/template/domain/content_validation.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "absl/strings/ascii.h"

#include "libs/language/language_code.h"
#include "libs/render/check.h"
#include "libs/strings/view.h"
#include "libs/validation/text.h"
#include "services/template/domain/declarations.h"

namespace lmsmail::templates {
namespace {

using render::VariableType;

bool IsControl(char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; }
bool IsLayout(char c) { return c == '\t' || c == '\n' || c == '\r'; }

void ValidateCharacters(std::string_view text, std::string field, Violations& violations) {
  const auto* const at =
      std::ranges::find_if(text, [](char c) { return IsControl(c) && !IsLayout(c); });
  if (at == text.end()) return;
  const auto line = 1 + std::count(text.begin(), at, '\n');
  violations.Add(std::move(field),
                 fmt::format("line {} has the control character {:#04x}: remove it", line,
                             static_cast<unsigned char>(*at)));
}

void ValidateLanguages(const std::vector<LocalizedContent>& languages, Violations& violations) {
  if (languages.empty()) violations.Add("contents", "is required: give at least one language");
  if (languages.size() > kMaxLanguages) {
    violations.Add("contents", fmt::format("has {} languages, {} are allowed", languages.size(),
                                           kMaxLanguages));
  }
  std::set<std::string> seen;
  for (std::size_t i = 0; i < languages.size(); ++i) {
    const std::string& code = languages[i].language_code;
    const std::string field = fmt::format("contents[{}].language_code", i);
    if (!language::IsLanguageCode(code)) {
      violations.Add(field, "is not a BCP 47 language code: write one like en or de-AT");
    } else if (!seen.insert(absl::AsciiStrToLower(code)).second) {
      violations.Add(field, fmt::format("\"{}\" is given twice", code));
    }
  }
}

void ValidateParts(const LocalizedContent& localized, const std::string& field,
                   Violations& violations) {
  if (localized.subject.size() > kMaxSubjectBytes) {
    violations.Add(field + ".subject", fmt::format("has {} bytes, {} are allowed",
                                                   localized.subject.size(), kMaxSubjectBytes));
  }
  if (localized.html.empty()) violations.Add(field + ".html", "is required");
  // When both are empty, CheckTemplate reports the text.
  if (localized.text.empty() && !localized.html.empty())
    violations.Add(field + ".text", "is required");
  ValidateCharacters(localized.subject, field + ".subject", violations);
  ValidateCharacters(localized.html, field + ".html", violations);
  ValidateCharacters(localized.text, field + ".text", violations);
}

bool NeedsSample(const Variable& variable) {
  return variable.required && variable.type != VariableType::kList &&
         variable.type != VariableType::kObject;
}

void ValidateVariables(const std::vector<Variable>& variables, Violations& violations) {
  if (variables.size() > kMaxVariables) {
    violations.Add("variables", fmt::format("has {} variables, {} are allowed", variables.size(),
                                            kMaxVariables));
  }
  for (std::size_t i = 0; i < variables.size(); ++i) {
    const Variable& variable = variables[i];
    const std::string field = fmt::format("variables[{}]", i);
    if (NeedsSample(variable) && variable.sample.empty()) {
      violations.Add(field + ".sample", fmt::format("is required because the variable {} is",
                                                    render::Quote(variable.name)));
    }
    if (variable.sample.size() > kMaxSampleBytes) {
      violations.Add(field + ".sample", fmt::format("has {} bytes, {} are allowed",
                                                    variable.sample.size(), kMaxSampleBytes));
    }
    ValidateCharacters(variable.sample, field + ".sample", violations);
    ValidateDescription(variable.description, field + ".description", violations);
  }
}

void ValidateUnescaped(const TemplateContent& content, Violations& violations) {
  std::set<std::string_view> seen;
  for (std::size_t i = 0; i < content.unescaped_variables.size(); ++i) {
    const std::string& name = content.unescaped_variables[i];
    const std::string field = fmt::format("unescaped_variables[{}]", i);
    const auto declared = std::ranges::find(content.variables, name, &Variable::name);
    if (declared == content.variables.end()) {
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

// Adds what CheckTemplate reports. Problems of the declarations are the same in every language and
// are added for the first one only.
void ValidateMustache(const TemplateContent& content, ContentFindings& out) {
  const std::vector<render::Variable> variables = ToRender(content.variables);
  render::CheckOptions options;
  options.unescaped_allowed.insert(content.unescaped_variables.begin(),
                                   content.unescaped_variables.end());
  for (std::size_t i = 0; i < content.languages.size(); ++i) {
    const LocalizedContent& localized = content.languages[i];
    options.language_code = localized.language_code;
    const render::CheckResult result = render::CheckTemplate(
        {.subject = localized.subject, .html = localized.html, .text = localized.text}, variables,
        options);
    const Violations found = render::ToViolations(result.errors);
    for (const FieldViolation& violation : found.list()) {
      if (violation.field != PartName(render::Part::kVariables)) {
        out.violations.Add(fmt::format("contents[{}].{}", i, violation.field),
                           violation.description);
      } else if (i == 0) {
        out.violations.Add(violation.field, violation.description);
      }
    }
    for (const render::Diagnostic& warning : result.warnings) {
      out.warnings.push_back(fmt::format("{}: {}", localized.language_code, warning.message));
    }
  }
}

}  // namespace

ContentFindings ValidateContent(const TemplateContent& content) {
  ContentFindings out;
  ValidateLanguages(content.languages, out.violations);
  ValidateVariables(content.variables, out.violations);
  ValidateUnescaped(content, out.violations);
  // Parsing every part of a request far above the limits would waste time.
  if (content.languages.size() > kMaxLanguages || content.variables.size() > kMaxVariables) {
    return out;
  }
  for (std::size_t i = 0; i < content.languages.size(); ++i) {
    ValidateParts(content.languages[i], fmt::format("contents[{}]", i), out.violations);
  }
  ValidateMustache(content, out);
  return out;
}

void ValidateDisplayName(std::string_view text, std::string_view field, Violations& violations) {
  validation::CheckText(text, field, {.max_length = kMaxDisplayName}, violations);
}

void ValidateDescription(std::string_view text, std::string_view field, Violations& violations) {
  validation::CheckText(text, field, {.max_length = kMaxDescription, .multiline = true},
                        violations);
}

}  // namespace lmsmail::templates
