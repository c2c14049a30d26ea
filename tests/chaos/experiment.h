#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"

#include "tests/chaos/faults.h"
#include "tests/chaos/oracle.h"

namespace lmsmail::chaos {

// One fault, and what came of it.
struct Result {
  std::string fault = {};
  std::string skipped = {};  // why it was not tried; empty: it was
  Verdict verdict = {};
  Applied applied = {};
  absl::Duration recovery = {};            // from its end to the last outcome
  std::vector<std::string> problems = {};  // for each of them the experiment has failed

  bool ok() const { return problems.empty(); }
};

// Sets a stage up, lets mail flow, applies the fault, waits until every accepted mail has an
// outcome, and judges. Logs and ledgers go to `folder`. What goes wrong on the way is a problem of
// the result.
Result Try(const Fault& fault, Length length, const std::filesystem::path& folder);

}  // namespace lmsmail::chaos
