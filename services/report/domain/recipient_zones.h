#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/types/span.h"

namespace lmsmail::report {

// Knows where students live. Thread-safe.
class RecipientZones {
 public:
  virtual ~RecipientZones() = default;

  // The IANA time zone of each of up to 1000 students, in order: that of the school for those
  // without one of their own.
  virtual absl::StatusOr<std::vector<std::string>> Get(absl::Span<const std::string> students) = 0;
};

}  // namespace lmsmail::report
