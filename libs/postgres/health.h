#pragma once

#include <memory>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"

#include "libs/postgres/pool.h"

namespace lmsmail::postgres {

// Checks whether the database responds and can be written to. Uses its own connection, so that a
// busy pool does not look like a lost database. Thread-safe.
class HealthProbe {
 public:
  // Probes the database of `pool`. `timeout` limits each step: the connection, then the query.
  static absl::StatusOr<std::unique_ptr<HealthProbe>> Create(const Pool& pool,
                                                             absl::Duration timeout);

  absl::Status Check();

  // Its connection, with the schema of the pool that it probes, for other short checks.
  Pool& pool() { return *pool_; }

 private:
  explicit HealthProbe(std::unique_ptr<Pool> pool);

  const std::unique_ptr<Pool> pool_;
};

}  // namespace lmsmail::postgres
