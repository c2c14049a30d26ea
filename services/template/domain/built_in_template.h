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
  std::string_view path;  // "enrollment/en/body.html"
  std::string_view content;
};

// Reads <id>/template.yaml and, for each language,
// <id>/<language>/{subject.txt,body.html,body.txt}. The result is sorted by id, and English is the
// first language. Returns INTERNAL with the name of the file when a file is missing or invalid.
absl::StatusOr<std::vector<NewTemplate>> ReadBuiltInTemplates(
    absl::Span<const EmbeddedFile> embedded);

// Reads the built-in templates, which are embedded in this binary.
absl::StatusOr<std::vector<NewTemplate>> BuiltInTemplates();

}  // namespace lmsmail::templates
