#pragma once

#include <string>

#include "absl/status/statusor.h"

namespace lmsmail::dispatch {

// A recipient domain of the configuration as addresses have it: lower case, A-labels.
absl::StatusOr<std::string> CanonicalDomain(const std::string& domain);

}  // namespace lmsmail::dispatch
