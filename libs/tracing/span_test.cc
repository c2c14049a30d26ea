#include "libs/tracing/span.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "libs/tracing/traceparent.h"

namespace lmsmail::tracing {
namespace {

using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr char kSampled[] = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
constexpr char kNotSampled[] = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00";

class SpanTest : public ::testing::Test, protected Recorder {
 protected:
  SpanTest() { ExchangeRecorder(this); }
  ~SpanTest() override { ExchangeRecorder(nullptr); }
  void Record(SpanRecord span) override { spans_.push_back(std::move(span)); }

  std::vector<SpanRecord> spans_;
};

TEST_F(SpanTest, IsRecordedOnceWithItsParent) {
  {
    Span span("send", SpanKind::kServer, kSampled);
    span.SetAttribute("transport", "smtp");
    span.SetAttribute("attempt", 2);
    Span moved = std::move(span);
    moved.End(absl::UnavailableError("down"));
  }
  ASSERT_THAT(spans_, SizeIs(1));
  EXPECT_EQ(spans_[0].name, "send");
  EXPECT_EQ(spans_[0].parent, "00f067aa0ba902b7");
  EXPECT_EQ(TraceIdOf(spans_[0].traceparent), TraceIdOf(kSampled));
  EXPECT_THAT(spans_[0].attributes, SizeIs(2));
  EXPECT_FALSE(spans_[0].status.ok());
  EXPECT_LE(spans_[0].start, spans_[0].end);
}

TEST_F(SpanTest, IsNotRecordedUnlessItsTraceIsSampled) {
  Span(std::string_view("a"), SpanKind::kInternal, kNotSampled).End(absl::OkStatus());
  Span(std::string_view("b"), SpanKind::kInternal, "").End(absl::OkStatus());
  tracing::Record({.traceparent = kNotSampled, .name = "c", .attributes = {}});
  EXPECT_THAT(spans_, IsEmpty());
}

TEST_F(SpanTest, IsNotRecordedWithoutARecorder) {
  ExchangeRecorder(nullptr);
  Span span("a", SpanKind::kInternal, kSampled);
  EXPECT_FALSE(span.recorded());
  EXPECT_TRUE(IsSampled(span.traceparent()));
  span.End(absl::OkStatus());
  EXPECT_THAT(spans_, IsEmpty());
}

TEST(ScopeTest, ScopesAreNested) {
  EXPECT_EQ(Scope::Current(), "");
  EXPECT_EQ(SampledParent(), "");
  const Scope outer(kSampled);
  {
    const Scope inner(kNotSampled);
    EXPECT_EQ(Scope::Current(), kNotSampled);
    EXPECT_EQ(SampledParent(), "");
  }
  EXPECT_EQ(SampledParent(), kSampled);
}

}  // namespace
}  // namespace lmsmail::tracing
