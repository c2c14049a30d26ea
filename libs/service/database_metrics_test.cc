#include "libs/service/database_metrics.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace lmsmail::service {
namespace {

using ::testing::HasSubstr;

TEST(DatabaseMetricsTest, CountsTransactionsAndRetries) {
  telemetry::Metrics metrics({.service = "demo", .version = "1"});
  const auto observe = ObserveTransactions(metrics);
  observe({"demo.echo", absl::StatusCode::kOk, absl::Milliseconds(3), 1});
  observe({"demo.echo", absl::StatusCode::kAborted, absl::Milliseconds(3), 4});
  const std::string text = metrics.Serialize();
  EXPECT_THAT(text, HasSubstr("transactions_total{code=\"OK\",name=\"demo.echo\"} 1"));
  EXPECT_THAT(text, HasSubstr("transactions_total{code=\"ABORTED\",name=\"demo.echo\"} 1"));
  EXPECT_THAT(text, HasSubstr("retries_total{name=\"demo.echo\"} 3"));
  EXPECT_THAT(text, HasSubstr("transaction_seconds_count{name=\"demo.echo\"} 2"));
}

}  // namespace
}  // namespace lmsmail::service
