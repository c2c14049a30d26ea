#pragma once

#include <string>

#include "absl/types/span.h"

#include "tests/chaos/experiment.h"

namespace lmsmail::chaos {

// Returns a table with one line for each fault and its problems below it.
std::string Table(absl::Span<const Result> results);

// Returns a JSON array with the same, and the history of each duplicate.
std::string ToJson(absl::Span<const Result> results);

}  // namespace lmsmail::chaos
