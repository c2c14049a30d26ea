#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "absl/time/time.h"

#include "tests/chaos/faults.h"
#include "tests/chaos/oracle.h"

namespace lmsmail::chaos {

// The result of one experiment.
struct Result {
  std::string fault = {};
  std::string skipped = {};  // why the experiment was skipped; empty if it was not
  Verdict verdict = {};
  FaultOutcome outcome = {};
  absl::Duration recovery = {};            // from the end of the fault to the last outcome
  std::vector<std::string> problems = {};  // the experiment has failed if there are any

  bool ok() const { return problems.empty(); }
};

// Starts a cluster and traffic, applies the fault, waits until every accepted mail has an outcome,
// and evaluates the ledgers. Logs and ledgers go to `folder`. Errors become problems of the result.
Result RunExperiment(const Fault& fault, Length length, const std::filesystem::path& folder);

}  // namespace lmsmail::chaos
