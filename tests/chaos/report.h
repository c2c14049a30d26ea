#pragma once

#include <string>

#include "absl/types/span.h"

#include "tests/chaos/experiment.h"

namespace lmsmail::chaos {

// One line a fault, and below it the problems.
std::string Table(absl::Span<const Result> results);

// A JSON array with the same, and each doubled mail's story.
std::string ToJson(absl::Span<const Result> results);

}  // namespace lmsmail::chaos
