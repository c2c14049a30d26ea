#pragma once

#include <set>
#include <string>
#include <vector>

#include "absl/status/statusor.h"

namespace lmsmail::scheduler {

// Knows which students can be sent mail. Errors are those of the service that knows. Thread-safe.
class StudentDirectory {
 public:
  virtual ~StudentDirectory() = default;

  // Those of `students`, recipients/{recipient}, that are known; at most 1000.
  virtual absl::StatusOr<std::set<std::string>> FindKnown(
      const std::vector<std::string>& students) = 0;
};

}  // namespace lmsmail::scheduler
