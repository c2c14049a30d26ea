#include "libs/tracing/otlp_exporter.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "libs/testing/status_matchers.h"
#include "libs/tracing/testing/fake_collector.h"

namespace lmsmail::tracing {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr char kSampled[] = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

class OtlpExporterTest : public ::testing::Test {
 protected:
  void Start(OtlpExporter::Options options = {}) {
    if (options.endpoint.empty()) options.endpoint = collector_.endpoint();
    options.service = "dispatch";
    options.interval = absl::ZeroDuration();
    options.retry_pause = absl::ZeroDuration();
    ASSERT_OK_AND_ASSIGN(exporter_, OtlpExporter::Start(std::move(options), metrics_));
  }
  static void RecordSpans(int count) {
    for (int i = 0; i < count; ++i) {
      Span(std::string_view("send"), SpanKind::kClient, kSampled).End(absl::OkStatus());
    }
  }

  FakeCollector collector_;
  telemetry::Metrics metrics_{{.service = "dispatch", .version = "1"}};
  std::unique_ptr<OtlpExporter> exporter_;
};

TEST_F(OtlpExporterTest, TransmitsEverythingOfASpan) {
  Start();
  {
    Span span("send", SpanKind::kClient, kSampled);
    span.SetAttribute("transport", "smtp");
    span.SetAttribute("attempt", 2);
    span.End(absl::UnavailableError("down"));
  }
  ASSERT_TRUE(collector_.WaitFor([](const auto& spans) { return !spans.empty(); }));
  const CollectedSpan span = collector_.spans()[0];
  EXPECT_EQ(span.service, "lmsmail-dispatch");
  EXPECT_EQ(span.name, "send");
  EXPECT_EQ(span.trace_id, "4bf92f3577b34da6a3ce929d0e0e4736");
  EXPECT_EQ(span.parent_span_id, "00f067aa0ba902b7");
  EXPECT_THAT(span.span_id, SizeIs(16));
  EXPECT_EQ(span.kind, 3);
  EXPECT_TRUE(span.failed);
  EXPECT_EQ(span.attributes.at("transport"), "smtp");
  EXPECT_EQ(span.attributes.at("attempt"), "2");
  EXPECT_GT(span.start, absl::UnixEpoch());
}

TEST_F(OtlpExporterTest, SendsWhatWaitsWhenItEnds) {
  Start({.batch = 10});
  RecordSpans(95);
  exporter_.reset();
  EXPECT_THAT(collector_.spans(), SizeIs(95));
  EXPECT_GE(collector_.requests(), 10);
  RecordSpans(1);  // of nobody
}

TEST_F(OtlpExporterTest, RepeatsABatchThatTheCollectorHasNoTimeFor) {
  collector_.AnswerWith({503});
  Start();
  RecordSpans(1);
  EXPECT_TRUE(collector_.WaitFor([](const auto& spans) { return spans.size() == 1; }));
  EXPECT_EQ(collector_.requests(), 2);
}

TEST_F(OtlpExporterTest, DropsAndCountsWhatIsRefused) {
  collector_.AnswerWith({400});
  Start();
  RecordSpans(1);
  exporter_.reset();
  EXPECT_EQ(collector_.requests(), 1);
  EXPECT_THAT(collector_.spans(), IsEmpty());
  EXPECT_THAT(metrics_.Serialize(),
              HasSubstr("lmsmail_trace_spans_dropped_total{cause=\"refused\"} 1\n"));
}

TEST_F(OtlpExporterTest, DropsAndCountsWhatDoesNotFitIntoTheQueue) {
  Start({.endpoint = "http://127.0.0.1:1", .queue = 3, .batch = 1});
  RecordSpans(100);
  exporter_.reset();
  EXPECT_THAT(metrics_.Serialize(),
              HasSubstr("lmsmail_trace_spans_dropped_total{cause=\"queue_full\"} 9"));
  EXPECT_THAT(metrics_.Serialize(), HasSubstr("lmsmail_trace_spans_exported_total 0\n"));
}

}  // namespace
}  // namespace lmsmail::tracing
