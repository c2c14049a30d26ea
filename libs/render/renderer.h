#pragma once

#include <google/protobuf/struct.pb.h>

#include <cstddef>
#include <list>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"

#include "libs/render/limits.h"
#include "libs/render/scopes.h"
#include "libs/render/template.h"

namespace lmsmail::render {

struct RenderOptions {
  enum class Mode {
    kSend,     // a context that does not match the template's schema is an error
    kPreview,  // the same is a warning
  };
  Mode mode = Mode::kSend;
  std::size_t max_output_bytes = kMaxOutputBytes;  // of each part
  // Of the recipient: values of types such as VariableType::kDate are written for them. An empty or
  // unknown zone is UTC.
  std::string_view language_code = "en";
  std::string_view time_zone = "";
};

// Reuse one for many mails, so that its strings keep their memory.
struct Rendered {
  std::string subject;                    // one line, no control characters
  std::string html;                       // empty when the template has none
  std::string text;                       // likewise
  std::vector<std::string> written = {};  // dates, amounts and lists; may repeat
  std::vector<std::string> warnings;      // human-readable; name variables, never values
};

// Renders templates and parses each only once. Not thread-safe: every worker has its own.
class Renderer {
 public:
  // Keeps the `max_templates` most recently used templates parsed.
  explicit Renderer(std::size_t max_templates = 256);
  ~Renderer();
  Renderer(const Renderer&) = delete;
  Renderer& operator=(const Renderer&) = delete;

  // Replaces all of `out`. Errors:
  // - FAILED_PRECONDITION, with kSend only: required variables are missing or have another type.
  // The
  //   reason CONTEXT_MISMATCH lists them in its metadata "variables".
  // - RESOURCE_EXHAUSTED: a part exceeds max_output_bytes or kMaxSteps.
  absl::Status Render(const std::shared_ptr<const Template>& compiled, Scopes scopes,
                      const RenderOptions& options, Rendered& out);
  absl::Status Render(const std::shared_ptr<const Template>& compiled,
                      const google::protobuf::Struct& context, const RenderOptions& options,
                      Rendered& out);

 private:
  struct Parsed;

  Parsed& Parse(const std::shared_ptr<const Template>& compiled);

  const std::size_t max_templates_;
  std::list<Parsed> by_use_;  // most recent first
  // Each Parsed owns its template, so an address here cannot be reused by another template.
  absl::flat_hash_map<const Template*, std::list<Parsed>::iterator> by_template_;
};

}  // namespace lmsmail::render
