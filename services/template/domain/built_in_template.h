#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/types/span.h"

#include "services/template/domain/template.h"

namespace lmsmail::templates {

// A file below built_in/ that the build embedded in the binary.
struct EmbeddedFile {
  std::string_view path;  // "enrollment/body.html"
  std::string_view content;
};

// Reads <id>/template.yaml, <id>/body.html and <id>/body.txt, and fills the two with the texts of
// texts.yaml in each language. The result is sorted by id, and English is the first language.
// Returns INTERNAL with the name of the file or text when one is missing or invalid.
absl::StatusOr<std::vector<NewTemplate>> ReadBuiltInTemplates(
    absl::Span<const EmbeddedFile> embedded);

// Reads the built-in templates, which are embedded in this binary.
absl::StatusOr<std::vector<NewTemplate>> BuiltInTemplates();

// The variables that mail gets without being given them.
struct SuppliedVariables {
  std::string event;  // "student_enrolled"; empty for every mail
  std::vector<Variable> variables;
};

// Those of every mail first, then those of events, sorted by name. From built_in/variables.yaml.
absl::StatusOr<std::vector<SuppliedVariables>> ReadSuppliedVariables();

}  // namespace lmsmail::templates
