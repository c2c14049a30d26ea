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
  // Of the database that `pool` is for. `timeout` limits each step: connecting, then asking.
  static absl::StatusOr<std::unique_ptr<HealthProbe>> Create(const Pool& pool,
                                                             absl::Duration timeout);

  // OK, or why not.
  absl::Status Check();

 private:
  explicit HealthProbe(std::unique_ptr<Pool> pool);

  const std::unique_ptr<Pool> pool_;
};

}  // namespace lmsmail::postgres
