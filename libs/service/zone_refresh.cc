#include "libs/service/zone_refresh.h"

#include "absl/time/clock.h"

#include "libs/telemetry/logging.h"

namespace lmsmail::service {
namespace {

constexpr absl::Duration kInterval = absl::Minutes(1);

}  // namespace

ZoneRefresh::ZoneRefresh(telemetry::Metrics& metrics)
    : info_(metrics.AddGauge("lmsmail_tzdata_info",
                             "1 for the version of the time zone database in use.")),
      version_(time_zone::DatabaseVersion()),
      watch_(absl::Now()),
      periodic_("tzdata", kInterval, [this] { Refresh(); }) {
  info_.With({{"version", version_}}).Set(1);
}

void ZoneRefresh::Refresh() {
  if (!watch_.Refresh(absl::Now())) return;
  std::string version = time_zone::DatabaseVersion();
  if (version != version_) {
    info_.With({{"version", version_}}).Set(0);
    info_.With({{"version", version}}).Set(1);
  }
  telemetry::LogInfo("time zones are read again", {{"tzdata", version}, {"before", version_}});
  version_ = std::move(version);
}

}  // namespace lmsmail::service
