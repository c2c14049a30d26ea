#pragma once

#include <string>
#include <vector>

#include "libs/config/registry.h"

namespace lmsmail::config::internal {

// What --help prints.
std::string Usage(const Registry& registry);

// What --check-config prints for a valid configuration.
std::string CheckReport(const Registry& registry, const std::vector<Setting>& effective);

}  // namespace lmsmail::config::internal
