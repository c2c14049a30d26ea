#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/types/span.h"

#include "services/template/template.h"

namespace lmsmail::templates {

// A file below defaults/, as the build put it into the binary.
struct EmbeddedFile {
  std::string_view path;  // "enrollment/en/body.html"
  std::string_view content;
};

// A template that comes with the product.
struct ShippedTemplate {
  std::string id;
  Category category = Category::kAnnouncement;
  std::string display_name;
  std::string description;
  Wording wording;
};

// Reads <id>/template.yaml and, for each language,
// <id>/<language>/{subject.txt,body.html,body.txt}. By id; English first among the languages.
// INTERNAL, naming the file, when one is missing or faulty.
absl::StatusOr<std::vector<ShippedTemplate>> ReadShippedTemplates(
    absl::Span<const EmbeddedFile> files);

// The ones in this binary.
absl::StatusOr<std::vector<ShippedTemplate>> ShippedTemplates();

}  // namespace lmsmail::templates
