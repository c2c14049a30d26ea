#include "services/dispatch/claiming/dispatch_metrics.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace lmsmail::dispatch {
namespace {

using testing::HasSubstr;
using testing::Not;

class DispatchMetricsTest : public testing::Test {
 protected:
  telemetry::Metrics registry_{{"dispatch", "test"}};
  DispatchMetrics metrics_{registry_};
};

TEST_F(DispatchMetricsTest, CountsOutcomesByTransportAndCategory) {
  Outcome sent;
  sent.transport = "relay";
  sent.template_key = "payment";
  sent.category = Category::kPayment;
  sent.lane = Lane::kCritical;
  sent.latency = absl::Milliseconds(20);
  Outcome failed = sent;
  failed.kind = Outcome::Kind::kFailed;
  failed.reason = Reason::kRecipientRejected;
  EXPECT_THAT(registry_.Serialize(), Not(HasSubstr("outcomes_total{")));
  metrics_.CountOutcomes({sent, sent, failed});
  const std::string text = registry_.Serialize();
  EXPECT_THAT(text, HasSubstr("lmsmail_dispatch_outcomes_total{category=\"payment\",kind=\"sent\","
                              "reason=\"none\",transport=\"relay\"} 2"));
  EXPECT_THAT(text,
              HasSubstr("lmsmail_dispatch_outcomes_total{category=\"payment\",kind=\"failed\","
                        "reason=\"recipient_rejected\",transport=\"relay\"} 1"));
  EXPECT_THAT(text, HasSubstr("send_latency_seconds_bucket{lane=\"critical\",le=\"0.01\"} 0"));
  EXPECT_THAT(text, HasSubstr("send_latency_seconds_bucket{lane=\"critical\",le=\"0.025\"} 2"));
}

TEST_F(DispatchMetricsTest, TellsForHowLongTheOldestMailHasBeenDue) {
  const absl::Time now = absl::FromUnixSeconds(1'800'000'000);
  LaneDepth depth;
  depth.lane = Lane::kBulk;
  depth.oldest_due = now - absl::Minutes(2);
  metrics_.SetDepth(depth, now);
  EXPECT_THAT(registry_.Serialize(), HasSubstr("oldest_due_seconds{lane=\"bulk\"} 120"));
  depth.oldest_due.reset();
  metrics_.SetDepth(depth, now);
  EXPECT_THAT(registry_.Serialize(), HasSubstr("oldest_due_seconds{lane=\"bulk\"} 0"));
}

TEST_F(DispatchMetricsTest, TellsWhyACircuitBreakerIsOpen) {
  metrics_.SetCircuitBreaker("relay", CircuitBreaker::Cause::kQuota);
  std::string text = registry_.Serialize();
  EXPECT_THAT(text, HasSubstr("circuit_breaker_open{cause=\"quota\",transport=\"relay\"} 1"));
  EXPECT_THAT(text, HasSubstr("circuit_breaker_open{cause=\"login\",transport=\"relay\"} 0"));
  EXPECT_THAT(text,
              HasSubstr("circuit_breaker_openings_total{cause=\"quota\",transport=\"relay\"} 1"));
  metrics_.SetCircuitBreaker("relay", std::nullopt);
  text = registry_.Serialize();
  EXPECT_THAT(text, HasSubstr("circuit_breaker_open{cause=\"quota\",transport=\"relay\"} 0"));
}

TEST_F(DispatchMetricsTest, UncertainMailOfATransportBeginsWithZero) {
  metrics_.AddTransport("relay");
  const std::string text = registry_.Serialize();
  EXPECT_THAT(text, HasSubstr("lmsmail_dispatch_outcomes_total{category=\"payment\","
                              "kind=\"uncertain\",reason=\"connection_lost_after_data\","
                              "transport=\"relay\"} 0\n"));
  EXPECT_THAT(text, HasSubstr("circuit_breaker_open{cause=\"login\",transport=\"relay\"} 0"));
}

TEST_F(DispatchMetricsTest, CountsFailoversByTransports) {
  metrics_.CountFailover("sendgrid", "mailgun");
  metrics_.CountFailover("sendgrid", "mailgun");
  EXPECT_THAT(registry_.Serialize(), HasSubstr("lmsmail_dispatch_failovers_total{"
                                               "from=\"sendgrid\",to=\"mailgun\"} 2"));
}

TEST_F(DispatchMetricsTest, CountsConnectionFaultsByTransportAndCause) {
  metrics_.CountConnectionFault("relay", smtp::Fault::kRefused);
  metrics_.CountConnectionFault("relay", smtp::Fault::kRefused);
  metrics_.CountConnectionFault("relay", smtp::Fault::kStartTlsNotOffered);
  const std::string text = registry_.Serialize();
  EXPECT_THAT(text, HasSubstr("lmsmail_dispatch_connection_faults_total{cause=\"refused\","
                              "transport=\"relay\"} 2"));
  EXPECT_THAT(text, HasSubstr("connection_faults_total{cause=\"starttls_not_offered\","
                              "transport=\"relay\"} 1"));
}

}  // namespace
}  // namespace lmsmail::dispatch
