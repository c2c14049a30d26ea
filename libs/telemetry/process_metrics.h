#pragma once

#include "libs/telemetry/metrics.h"

namespace lmsmail::telemetry {

// The process_* metrics that every Prometheus client library has:
// https://prometheus.io/docs/instrumenting/writing_clientlibs/#process-metrics
void AddProcessMetrics(Metrics& metrics);

}  // namespace lmsmail::telemetry
