#pragma once

#include <memory>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"

#include "libs/postgres/pool.h"

namespace lmsmail::postgres {

// Asks whether the database answers. Keeps a connection of its own, so that a service whose pool is
// busy is not taken for one whose database is gone. Thread-safe.
class HealthProbe {
 public:
  // With the DSN, schema and names of `pool`.
  static absl::StatusOr<std::unique_ptr<HealthProbe>> Create(const Pool& pool,
                                                             absl::Duration timeout);

  // OK, or why not.
  absl::Status Check();

 private:
  HealthProbe(std::unique_ptr<Pool> pool, absl::Duration timeout);

  const std::unique_ptr<Pool> pool_;
  const absl::Duration timeout_;
};

}  // namespace lmsmail::postgres
