#pragma once

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"

#include "libs/school/school.h"

namespace lmsmail::preference {

// Stores the one school. Each call is atomic and returns by `deadline`. Thread-safe.
class SchoolStore {
 public:
  virtual ~SchoolStore() = default;

  // Stores `school` unless there is one. Returns the stored one.
  virtual absl::StatusOr<school::School> Initialize(const school::School& school,
                                                    absl::Time deadline) = 0;
  // NOT_FOUND before Initialize().
  virtual absl::StatusOr<school::School> Get(absl::Time deadline) = 0;
  // ABORTED unless the stored revision is one less, which means that somebody else changed it.
  virtual absl::Status Update(const school::School& school, absl::Time deadline) = 0;
};

}  // namespace lmsmail::preference
