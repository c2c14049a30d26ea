#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/types/span.h"

#include "services/template/domain/template.h"

namespace lmsmail::templates {

// A file below defaults/, as the build put it into the binary.
struct EmbeddedFile {
  std::string_view path;  // "enrollment/en/body.html"
  std::string_view content;
};

// A template that comes with the product.
struct BuiltInTemplate {
  std::string id;
  Category category = Category::kAnnouncement;
  std::string display_name;
  std::string description;
  TemplateContent content;
};

// Reads <id>/template.yaml and, for each language,
// <id>/<language>/{subject.txt,body.html,body.txt}. By id; English first among the languages.
// INTERNAL, naming the file, when one is missing or faulty.
absl::StatusOr<std::vector<BuiltInTemplate>> ReadBuiltInTemplates(
    absl::Span<const EmbeddedFile> files);

// The ones in this binary.
absl::StatusOr<std::vector<BuiltInTemplate>> BuiltInTemplates();

}  // namespace lmsmail::templates
