// One trace leads from the LMS's call through all services to the mail's delivery.

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "libs/testing/status_matchers.h"
#include "libs/tracing/testing/fake_collector.h"
#include "libs/tracing/traceparent.h"
#include "tests/integration/suite/lms_client.h"
#include "tests/integration/suite/suite.h"
#include "tests/integration/suite/wait.h"

namespace lmsmail::observability {
namespace {

using integration::Scheduler;
using integration::Suite;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using tracing::CollectedSpan;
using tracing::FakeCollector;
using Span = std::pair<std::string, std::string>;  // service and name

constexpr char kLms[] = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

class TracesTest : public ::testing::Test {
 protected:
  void SetUp() override {
    Suite::Options options;
    for (const std::string_view service : options.services) {
      options.flags[std::string(service)] = {
          fmt::format("--traces.endpoint={}", collector_.endpoint())};
    }
    ASSERT_OK_AND_ASSIGN(suite_, Suite::Start(options));
    ASSERT_OK(Register(*suite_, {"ada", "zoe"}));
    ASSERT_OK(AddCourse(*suite_, "statistics", "Statistics"));
  }

  absl::Status Publish(const scheduler::v1::Event& event, const std::string& traceparent) {
    scheduler::v1::PublishEventsRequest request;
    *request.add_events() = event;
    return rpc::Call(suite_->scheduler(), &Scheduler::PublishEvents, request,
                     {.deadline = absl::Now() + absl::Seconds(20), .traceparent = traceparent})
        .status();
  }

  FakeCollector collector_;
  std::unique_ptr<Suite> suite_;
};

TEST_F(TracesTest, OneTraceLeadsFromTheEventToTheDelivery) {
  // Of whose mail nothing is stored or exported.
  ASSERT_OK(Publish(integration::Enrolled("e-1", "ada", "statistics"),
                    std::string(kLms).substr(0, 53) + "00"));
  ASSERT_OK_AND_ASSIGN(const auto not_sampled,
                       WaitForState(*suite_, "ada", dispatch::v1::STATE_SENT));
  EXPECT_EQ(not_sampled.traceparent(), "");

  ASSERT_OK(Publish(integration::Paid("e-2", "zoe", "pay-1"), kLms));
  ASSERT_OK_AND_ASSIGN(const auto message, WaitForState(*suite_, "zoe", dispatch::v1::STATE_SENT));

  const std::string kScheduler = "lmsmail-scheduler", kDispatch = "lmsmail-dispatch";
  const std::set<Span> expected = {
      {kScheduler, "lmsmail.scheduler.v1.SchedulerService/PublishEvents"},
      {kScheduler, "submit mail"},
      {kScheduler, "lmsmail.dispatch.v1.DispatchService/Send"},
      {kDispatch, "lmsmail.dispatch.v1.DispatchService/Send"},
      {kDispatch, "lmsmail.templates.v1.TemplateService/GetTemplateVersion"},
      {"lmsmail-template", "lmsmail.templates.v1.TemplateService/GetTemplateVersion"},
      {kDispatch, "deliver mail"},
      {kDispatch, "claim"},
      {kDispatch, "check"},
      {kDispatch, "lmsmail.preference.v1.PreferenceService/CheckRecipients"},
      {"lmsmail-preference", "lmsmail.preference.v1.PreferenceService/CheckRecipients"},
      {kDispatch, "render"},
      {kDispatch, "send"}};
  std::set<Span> missing;
  std::set<std::string> without_parent;
  collector_.WaitFor([&](const std::vector<CollectedSpan>& spans) {
    missing = expected;
    without_parent.clear();
    std::set<std::string> ids = {std::string(tracing::SpanIdOf(kLms))};
    for (const CollectedSpan& span : spans) ids.insert(span.span_id);
    for (const CollectedSpan& span : spans) {
      missing.erase({span.service, span.name});
      if (!ids.contains(span.parent_span_id)) without_parent.insert(span.name);
    }
    return missing.empty() && without_parent.empty();
  });
  EXPECT_THAT(missing, IsEmpty());
  EXPECT_THAT(without_parent, IsEmpty());

  const std::vector<CollectedSpan> spans = collector_.spans();
  EXPECT_EQ(std::ranges::count(spans, "deliver mail", &CollectedSpan::name), 1);
  for (const CollectedSpan& span : spans) {
    EXPECT_EQ(span.trace_id, tracing::TraceIdOf(kLms)) << span.service << " " << span.name;
    EXPECT_LE(span.start, span.end);
    EXPECT_FALSE(span.failed) << span.service << " " << span.name;
  }

  // The delivery is below the Send, which GetMessage names.
  EXPECT_EQ(tracing::TraceIdOf(message.traceparent()), tracing::TraceIdOf(kLms));
  const auto delivery = std::ranges::find(spans, "deliver mail", &CollectedSpan::name);
  ASSERT_NE(delivery, spans.end());
  EXPECT_EQ(delivery->parent_span_id, tracing::SpanIdOf(message.traceparent()));
  EXPECT_EQ(delivery->attributes.at("lmsmail.message"), message.name());
  EXPECT_EQ(delivery->attributes.at("lmsmail.outcome"), "sent");
  ASSERT_OK_AND_ASSIGN(const auto explained, Explain(*suite_, message.name()));
  EXPECT_THAT(explained.entries(0).description(),
              HasSubstr("in the trace 4bf92f3577b34da6a3ce929d0e0e4736"));
}

}  // namespace
}  // namespace lmsmail::observability
