#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

// prometheus-cpp's headers take seconds to compile in every file, so none is included here.
namespace prometheus {
class Counter;
class Gauge;
class Histogram;
template <typename T>
class Family;
}  // namespace prometheus

// Prometheus metrics. Names are lmsmail_<subject>_<unit>[_total] with base units (seconds, bytes).
// Handles and families point into their Metrics and are trivial to copy; get a handle once and keep
// it. Thread-safe.
namespace lmsmail::telemetry {

using Labels = std::map<std::string, std::string>;

class Counter {
 public:
  void Increment(double by = 1) const;  // `by` is never negative
  double value() const;

 private:
  friend class CounterFamily;
  explicit Counter(prometheus::Counter* counter) : counter_(counter) {}
  prometheus::Counter* counter_;
};

class Gauge {
 public:
  void Set(double value) const;
  void Add(double by) const;  // may be negative
  double value() const;

 private:
  friend class GaugeFamily;
  explicit Gauge(prometheus::Gauge* gauge) : gauge_(gauge) {}
  prometheus::Gauge* gauge_;
};

class Histogram {
 public:
  void Observe(double value) const;

 private:
  friend class HistogramFamily;
  explicit Histogram(prometheus::Histogram* histogram) : histogram_(histogram) {}
  prometheus::Histogram* histogram_;
};

// With() finds or creates the series of `labels` under a lock; do not call it on a hot path.
class CounterFamily {
 public:
  Counter With(const Labels& labels = {}) const;

 private:
  friend class Metrics;
  explicit CounterFamily(prometheus::Family<prometheus::Counter>* family) : family_(family) {}
  prometheus::Family<prometheus::Counter>* family_;
};

class GaugeFamily {
 public:
  Gauge With(const Labels& labels = {}) const;

 private:
  friend class Metrics;
  explicit GaugeFamily(prometheus::Family<prometheus::Gauge>* family) : family_(family) {}
  prometheus::Family<prometheus::Gauge>* family_;
};

class HistogramFamily {
 public:
  Histogram With(const Labels& labels = {}) const;

 private:
  friend class Metrics;
  HistogramFamily(prometheus::Family<prometheus::Histogram>* family, std::vector<double> buckets)
      : family_(family), buckets_(std::move(buckets)) {}
  prometheus::Family<prometheus::Histogram>* family_;
  std::vector<double> buckets_;
};

// 0.5 ms to 60 s, in seconds: an RPC, a query, an SMTP conversation.
const std::vector<double>& LatencyBuckets();

class Metrics {
 public:
  struct BuildInfo {
    std::string service;
    std::string version;
  };
  // Registers lmsmail_build_info and the process_* metrics that Prometheus's client libraries
  // share.
  explicit Metrics(const BuildInfo& build);
  ~Metrics();
  Metrics(const Metrics&) = delete;
  Metrics& operator=(const Metrics&) = delete;

  // A second call with the same name returns the same family. A name of another kind is a bug and
  // throws.
  CounterFamily AddCounter(std::string_view name, std::string_view help);
  GaugeFamily AddGauge(std::string_view name, std::string_view help);
  HistogramFamily AddHistogram(std::string_view name, std::string_view help,
                               std::vector<double> buckets = LatencyBuckets());
  // `read` is called at each scrape, on the thread that scrapes, until the Metrics is destroyed.
  // The value of a counter must never fall.
  void AddCounterFunction(std::string_view name, std::string_view help, const Labels& labels,
                          std::function<double()> read);
  void AddGaugeFunction(std::string_view name, std::string_view help, const Labels& labels,
                        std::function<double()> read);

  // All metrics in Prometheus's text exposition format.
  std::string Serialize() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace lmsmail::telemetry
