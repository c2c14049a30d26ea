#include "services/preference/domain/erasure_watch.h"

namespace lmsmail::preference {
namespace {

constexpr absl::Duration kTimeout = absl::Seconds(10);
constexpr absl::Duration kTooLong = absl::Hours(24);

}  // namespace

ErasureWatch::ErasureWatch(PreferenceStore& store, const Clock& clock, telemetry::Metrics& metrics)
    : store_(store),
      clock_(clock),
      running_(metrics
                   .AddGauge("lmsmail_preference_erasures_running",
                             "Erasures that not all services have finished.")
                   .With()),
      oldest_age_(metrics
                      .AddGauge("lmsmail_preference_erasure_oldest_age_seconds",
                                "Age of the oldest erasure that not all services have finished.")
                      .With()) {}

void ErasureWatch::MeasureOnce() {
  const absl::StatusOr<RunningErasures> measured = store_.MeasureErasures(clock_.Now() + kTimeout);
  if (!measured.ok()) return;  // The database reports its own faults.
  const absl::Duration age = measured->oldest_create_time
                                 ? clock_.Now() - *measured->oldest_create_time
                                 : absl::ZeroDuration();
  running_.Set(static_cast<double>(measured->count));
  oldest_age_.Set(absl::ToDoubleSeconds(age));
  if (age > kTooLong) {
    log_.Log(
        telemetry::Level::kWarning,
        "an erasure has not been finished within a day: ListErasures names the service that it "
        "waits for",
        {{"hours", absl::ToInt64Hours(age)}, {"running", measured->count}});
  }
}

}  // namespace lmsmail::preference
