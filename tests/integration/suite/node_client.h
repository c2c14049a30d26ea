#pragma once

#include <string>

#include "absl/status/statusor.h"

namespace lmsmail::integration {

// Puts a folder of programs for Node.js, such as "browser" of tests/, with the npm packages that
// its lock file names into the build's tools, and returns where. An error says why that failed.
absl::StatusOr<std::string> InstallNodeClient(const std::string& folder);

}  // namespace lmsmail::integration
