#include "libs/render/fault.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "libs/render/limits.h"
#include "libs/strings/utf8.h"

namespace lmsmail::render {

void FaultList::Add(Fault fault) {
  if (faults_.size() >= kMaxFaults) return;
  if (std::find(faults_.begin(), faults_.end(), fault) != faults_.end()) return;
  faults_.push_back(std::move(fault));
}

Violations ToViolations(const std::vector<Fault>& faults) {
  Violations violations;
  for (const Fault& fault : faults) {
    std::string place;
    if (!fault.partial.empty()) place = fmt::format("partial {}, ", Quote(fault.partial));
    if (fault.at.line > 0) {
      place += fmt::format("line {}, column {}: ", fault.at.line, fault.at.column);
    }
    violations.Add(std::string(PartName(fault.part)), place + fault.message);
  }
  return violations;
}

std::string Quote(std::string_view text) {
  constexpr std::size_t kMaxQuoted = 60;
  if (text.size() <= kMaxQuoted) return fmt::format("'{}'", text);
  return fmt::format("'{}...'", TruncateUtf8(text, kMaxQuoted));
}

}  // namespace lmsmail::render
