#pragma once

#include <google/protobuf/struct.pb.h>

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"

#include "libs/status/error_details.h"
#include "services/template/catalog.h"
#include "services/template/compiled_cache.h"

namespace lmsmail::templates {

struct PreviewOptions {
  std::string language_code;                          // empty: the first
  const google::protobuf::Struct* context = nullptr;  // null: the declared samples
};

struct PreviewedMail {
  std::string subject;
  std::string html;
  std::string text;
  std::vector<std::string> warnings;
  std::string language_code;
};

// Writes mails for people to look at. Thread-safe.
class Preview {
 public:
  Preview(Catalog& catalog, std::size_t cached_templates)
      : catalog_(catalog), compiled_(cached_templates) {}

  absl::StatusOr<PreviewedMail> OfStored(std::string_view id, VersionSelector version,
                                         const PreviewOptions& options, absl::Time deadline);
  // `violations` are the faults found in the request so far; those of the wording are of fields
  // below "unsaved".
  absl::StatusOr<PreviewedMail> OfUnsaved(const Wording& wording, const PreviewOptions& options,
                                          Violations violations);

 private:
  Catalog& catalog_;
  CompiledCache compiled_;
};

}  // namespace lmsmail::templates
