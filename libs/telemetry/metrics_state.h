#pragma once

#include <prometheus/collectable.h>
#include <prometheus/registry.h>

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"

#include "libs/telemetry/metrics.h"

// The state of Metrics. Only for this library, because it includes prometheus-cpp's headers.
namespace lmsmail::telemetry {

// Series whose value is read at each scrape.
class ScrapeFunctions final : public prometheus::Collectable {
 public:
  void Add(prometheus::MetricType type, std::string_view name, std::string_view help,
           const Labels& labels, std::function<double()> read);
  std::vector<prometheus::MetricFamily> Collect() const override;

 private:
  struct Series {
    std::vector<prometheus::ClientMetric::Label> labels;
    std::function<double()> read;
  };
  struct Family {
    prometheus::MetricType type;  // Gauge or Counter
    std::string help;
    std::vector<Series> series;
  };
  mutable absl::Mutex mutex_;
  std::map<std::string, Family> families_ ABSL_GUARDED_BY(mutex_);
};

struct Metrics::State {
  prometheus::Registry registry;
  ScrapeFunctions scrape_functions;
};

}  // namespace lmsmail::telemetry
