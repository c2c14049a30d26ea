#include "libs/render/diagnostic.h"

#include <fmt/format.h>

#include <utility>

#include "libs/render/limits.h"
#include "libs/strings/utf8.h"

namespace lmsmail::render {

void DiagnosticList::Add(Diagnostic diagnostic) {
  if (list_.size() < kMaxErrors) list_.push_back(std::move(diagnostic));
}

Violations ToViolations(const std::vector<Diagnostic>& diagnostics) {
  Violations violations;
  for (const Diagnostic& it : diagnostics) {
    const std::string place =
        it.location.line > 0
            ? fmt::format("line {}, column {}: ", it.location.line, it.location.column)
            : "";
    violations.Add(std::string(PartName(it.part)), place + it.message);
  }
  return violations;
}

std::string Quote(std::string_view text) {
  constexpr std::size_t kMaxBytes = 60;
  const std::string_view start = TruncateUtf8(text, kMaxBytes);
  return fmt::format("'{}{}'", start, start.size() < text.size() ? "..." : "");
}

}  // namespace lmsmail::render
