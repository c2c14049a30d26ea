#include "libs/telemetry/metrics.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace lmsmail::telemetry {
namespace {

using ::testing::ContainsRegex;
using ::testing::HasSubstr;

class MetricsTest : public ::testing::Test {
 protected:
  Metrics metrics_{{.service = "dispatch", .version = "1.2.3", .commit = "abc123"}};
};

TEST_F(MetricsTest, CountersWithTheSameLabelsAreOneSeries) {
  const CounterFamily sent = metrics_.AddCounter("lmsmail_sent_total", "Mails sent.");
  sent.With({{"lane", "bulk"}}).Increment();
  sent.With({{"lane", "bulk"}}).Increment(2);
  sent.With({{"lane", "critical"}}).Increment();
  EXPECT_EQ(sent.With({{"lane", "bulk"}}).value(), 3);
  EXPECT_THAT(metrics_.Serialize(), HasSubstr("# HELP lmsmail_sent_total Mails sent.\n"
                                              "# TYPE lmsmail_sent_total counter\n"));
  EXPECT_THAT(metrics_.Serialize(), HasSubstr("lmsmail_sent_total{lane=\"critical\"} 1\n"));
}

TEST_F(MetricsTest, ReturnsTheSameFamilyForTheSameName) {
  metrics_.AddCounter("lmsmail_sent_total", "Mails sent.").With().Increment();
  EXPECT_EQ(metrics_.AddCounter("lmsmail_sent_total", "Mails sent.").With().value(), 1);
}

TEST_F(MetricsTest, GaugesGoUpAndDown) {
  const Gauge queued = metrics_.AddGauge("lmsmail_queued", "Mails queued.").With();
  queued.Set(5);
  queued.Add(-2);
  EXPECT_EQ(queued.value(), 3);
}

TEST_F(MetricsTest, HistogramsFillTheirBuckets) {
  metrics_.AddHistogram("lmsmail_rpc_seconds", "RPCs.").With().Observe(0.003);
  const std::string text = metrics_.Serialize();
  EXPECT_THAT(text, HasSubstr("lmsmail_rpc_seconds_bucket{le=\"0.0025\"} 0\n"));
  EXPECT_THAT(text, HasSubstr("lmsmail_rpc_seconds_bucket{le=\"0.005\"} 1\n"));
  EXPECT_THAT(text, HasSubstr("lmsmail_rpc_seconds_count 1\n"));
}

TEST_F(MetricsTest, GaugeFunctionsAreReadAtEachScrape) {
  double depth = 1;
  metrics_.AddGaugeFunction("lmsmail_depth", "Depth.", {{"lane", "bulk"}}, [&] { return depth; });
  EXPECT_THAT(metrics_.Serialize(), HasSubstr("lmsmail_depth{lane=\"bulk\"} 1\n"));
  depth = 2;
  EXPECT_THAT(metrics_.Serialize(), HasSubstr("lmsmail_depth{lane=\"bulk\"} 2\n"));
}

TEST_F(MetricsTest, ExportsBuildInfoAndProcessMetrics) {
  const std::string text = metrics_.Serialize();
  EXPECT_THAT(
      text,
      HasSubstr(
          "lmsmail_build_info{commit=\"abc123\",service=\"dispatch\",version=\"1.2.3\"} 1\n"));
  EXPECT_THAT(text, ContainsRegex("\nprocess_resident_memory_bytes [1-9]"));
  EXPECT_THAT(text, ContainsRegex("\nprocess_open_fds [1-9]"));
  EXPECT_THAT(text, ContainsRegex("\nprocess_max_fds [1-9]"));
  EXPECT_THAT(text, ContainsRegex("\nprocess_start_time_seconds [1-9]"));
  EXPECT_THAT(text, ContainsRegex(
                        "TYPE process_cpu_seconds_total counter\nprocess_cpu_seconds_total [0-9]"));
}

}  // namespace
}  // namespace lmsmail::telemetry
