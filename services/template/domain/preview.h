#pragma once

#include <google/protobuf/struct.pb.h>

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"

#include "libs/status/error_details.h"
#include "services/template/domain/catalog.h"
#include "services/template/domain/compiled_cache.h"

namespace lmsmail::templates {

struct PreviewOptions {
  std::string language_code;                          // empty: the first language
  std::string time_zone = "";                         // empty: UTC
  const google::protobuf::Struct* context = nullptr;  // null: the declared samples
};

struct PreviewedMail {
  std::string subject;
  std::string html;
  std::string text;
  std::vector<std::string> warnings;
  std::string language_code;
};

// Renders previews of mails. Thread-safe.
class Preview {
 public:
  Preview(Catalog& catalog, std::size_t cached_templates)
      : catalog_(catalog), compiled_(cached_templates) {}

  absl::StatusOr<PreviewedMail> RenderStored(std::string_view id, VersionSelector version,
                                             const PreviewOptions& options, absl::Time deadline);
  // `violations` are those found in the request so far. Violations of the content are added with
  // fields below "unsaved".
  absl::StatusOr<PreviewedMail> RenderUnsaved(const TemplateContent& content,
                                              const PreviewOptions& options, Violations violations);

 private:
  Catalog& catalog_;
  CompiledCache compiled_;
};

}  // namespace lmsmail::templates
