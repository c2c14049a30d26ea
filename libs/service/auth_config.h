#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "absl/status/statusor.h"

#include "libs/clock/clock.h"
#include "libs/config/schema.h"
#include "libs/identity/caller_directory.h"
#include "libs/status/error_details.h"

namespace lmsmail::service {

// The keys that say who may call a process.
struct AuthConfig {
  std::string callers_file;  // format: libs/identity/callers.h; empty: everybody may do everything

  // Of each caller without limits of its own; 0: none.
  struct Limits {
    double calls_per_second = 0;
    std::int32_t streams = 0;
    std::int64_t request_size = 0;
  } limits = {};

  // Must outlive schema.Load().
  void Declare(config::Group keys);
  void Check(Violations& violations) const;

  bool required() const { return !callers_file.empty(); }

  // Null without a callers_file. `clock` must outlive it.
  absl::StatusOr<std::unique_ptr<identity::CallerDirectory>> ToDirectory(const Clock& clock) const;
  identity::CallerLimits ToLimits() const;
};

}  // namespace lmsmail::service
