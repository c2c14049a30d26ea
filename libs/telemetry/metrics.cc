#include "libs/telemetry/metrics.h"

#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/text_serializer.h>

#include <utility>

#include "libs/telemetry/metrics_state.h"
#include "libs/telemetry/process_metrics.h"

namespace lmsmail::telemetry {

void Counter::Increment(double by) const { counter_->Increment(by); }
double Counter::value() const { return counter_->Value(); }

void Gauge::Set(double value) const { gauge_->Set(value); }
void Gauge::Add(double by) const { gauge_->Increment(by); }
double Gauge::value() const { return gauge_->Value(); }

void Histogram::Observe(double value) const { histogram_->Observe(value); }

Counter CounterFamily::With(const Labels& labels) const { return Counter(&family_->Add(labels)); }
Gauge GaugeFamily::With(const Labels& labels) const { return Gauge(&family_->Add(labels)); }
Histogram HistogramFamily::With(const Labels& labels) const {
  return Histogram(&family_->Add(labels, buckets_));
}

const std::vector<double>& LatencyBuckets() {
  static const std::vector<double> buckets = {0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1,
                                              0.25,   0.5,   1,      2.5,   5,    10,    30,   60};
  return buckets;
}

void ScrapeFunctions::Add(prometheus::MetricType type, std::string_view name, std::string_view help,
                          const Labels& labels, std::function<double()> read) {
  Series series{.labels = {}, .read = std::move(read)};
  for (const auto& [label, value] : labels) series.labels.push_back({label, value});
  absl::MutexLock lock(&mutex_);
  Family& family = families_[std::string(name)];
  family.type = type;
  family.help = help;
  family.series.push_back(std::move(series));
}

std::vector<prometheus::MetricFamily> ScrapeFunctions::Collect() const {
  absl::MutexLock lock(&mutex_);
  std::vector<prometheus::MetricFamily> collected;
  for (const auto& [name, family] : families_) {
    prometheus::MetricFamily& out = collected.emplace_back();
    out.name = name;
    out.help = family.help;
    out.type = family.type;
    for (const Series& series : family.series) {
      prometheus::ClientMetric& metric = out.metric.emplace_back();
      metric.label = series.labels;
      const double value = series.read();
      (family.type == prometheus::MetricType::Counter ? metric.counter.value : metric.gauge.value) =
          value;
    }
  }
  return collected;
}

Metrics::Metrics(const BuildInfo& build) : state_(std::make_unique<State>()) {
  AddGauge("lmsmail_build_info", "Always 1; the labels name the service and its version.")
      .With({{"service", build.service}, {"version", build.version}})
      .Set(1);
  AddProcessMetrics(*this);
}

Metrics::~Metrics() = default;

CounterFamily Metrics::AddCounter(std::string_view name, std::string_view help) {
  return CounterFamily(&prometheus::BuildCounter()
                            .Name(std::string(name))
                            .Help(std::string(help))
                            .Register(state_->registry));
}

GaugeFamily Metrics::AddGauge(std::string_view name, std::string_view help) {
  return GaugeFamily(&prometheus::BuildGauge()
                          .Name(std::string(name))
                          .Help(std::string(help))
                          .Register(state_->registry));
}

HistogramFamily Metrics::AddHistogram(std::string_view name, std::string_view help,
                                      std::vector<double> buckets) {
  return {&prometheus::BuildHistogram()
               .Name(std::string(name))
               .Help(std::string(help))
               .Register(state_->registry),
          std::move(buckets)};
}

void Metrics::AddCounterFunction(std::string_view name, std::string_view help, const Labels& labels,
                                 std::function<double()> read) {
  state_->scrape_functions.Add(prometheus::MetricType::Counter, name, help, labels,
                               std::move(read));
}

void Metrics::AddGaugeFunction(std::string_view name, std::string_view help, const Labels& labels,
                               std::function<double()> read) {
  state_->scrape_functions.Add(prometheus::MetricType::Gauge, name, help, labels, std::move(read));
}

std::string Metrics::Serialize() const {
  const prometheus::TextSerializer serializer;
  return serializer.Serialize(state_->registry.Collect()) +
         serializer.Serialize(state_->scrape_functions.Collect());
}

}  // namespace lmsmail::telemetry
