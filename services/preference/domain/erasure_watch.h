#pragma once

#include "absl/time/time.h"

#include "libs/clock/clock.h"
#include "libs/telemetry/logging.h"
#include "libs/telemetry/metrics.h"
#include "services/preference/storage/preference_store.h"

namespace lmsmail::preference {

// Measures erasures that other services have not finished:
//   lmsmail_preference_erasures_running             jobs that are not done
//   lmsmail_preference_erasure_oldest_age_seconds   age of the oldest of them, or 0
// and warns of a job that is older than a day. The arguments must outlive it.
class ErasureWatch {
 public:
  ErasureWatch(PreferenceStore& store, const Clock& clock, telemetry::Metrics& metrics);

  void MeasureOnce();

 private:
  PreferenceStore& store_;
  const Clock& clock_;
  const telemetry::Gauge running_;
  const telemetry::Gauge oldest_age_;
  telemetry::LogEvery log_{absl::Hours(1)};
};

}  // namespace lmsmail::preference
