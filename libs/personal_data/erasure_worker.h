#pragma once

#include "absl/status/statusor.h"
#include "absl/time/time.h"

#include "libs/clock/clock.h"
#include "libs/personal_data/erasure.h"
#include "libs/telemetry/logging.h"

namespace lmsmail::personal_data {

// Executes the erasures that wait for a service. Any replica may: each step can be repeated. A
// service that was away finds what was asked meanwhile. The arguments must outlive it.
class ErasureWorker {
 public:
  ErasureWorker(Erasures& erasures, PersonalData& data, const Clock& clock)
      : erasures_(erasures), data_(data), clock_(clock) {}

  // For a lifecycle::Periodic: tries each pending erasure once and returns how long to wait.
  absl::Duration RunOnce();

 private:
  // Returns whether there may be more that can be done at once.
  absl::StatusOr<bool> Work();

  Erasures& erasures_;
  PersonalData& data_;
  const Clock& clock_;
  telemetry::LogEvery log_{absl::Minutes(5)};  // for the errors of peers and databases
};

}  // namespace lmsmail::personal_data
