#pragma once

#include <string>

#include "libs/lifecycle/periodic.h"
#include "libs/telemetry/metrics.h"
#include "libs/time_zone/database.h"

namespace lmsmail::service {

// Reads time zones again when their database was updated, on a thread of its own:
//   lmsmail_tzdata_info{version}   1 for the version in use
// A change is logged.
class ZoneRefresh {
 public:
  explicit ZoneRefresh(telemetry::Metrics& metrics);

 private:
  void Refresh();

  const telemetry::GaugeFamily info_;
  std::string version_;  // used by the thread only, after the constructor
  time_zone::DatabaseWatch watch_;
  lifecycle::Periodic periodic_;  // last: its thread uses the rest
};

}  // namespace lmsmail::service
