#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "libs/render/content.h"
#include "libs/status/error_details.h"

namespace lmsmail::render {

// 1-based. Columns count code points, as editors do. {0, 0} means the whole part.
struct Location {
  int line = 0;
  int column = 0;

  bool operator==(const Location&) const = default;
};

// An error or a warning about a template.
struct Diagnostic {
  Part part = Part::kSubject;
  Location location;
  std::string message;
};

// Keeps the first kMaxErrors diagnostics.
class DiagnosticList {
 public:
  void Add(Diagnostic diagnostic);

  bool empty() const { return list_.empty(); }
  const std::vector<Diagnostic>& list() const { return list_; }
  std::vector<Diagnostic> Take() && { return std::move(list_); }

 private:
  std::vector<Diagnostic> list_;
};

// Violations of the fields "subject", "html", "text" and "variables". Each description starts with
// the location.
Violations ToViolations(const std::vector<Diagnostic>& diagnostics);

// `text` in quotes for a message, shortened when it is long.
std::string Quote(std::string_view text);

}  // namespace lmsmail::render
