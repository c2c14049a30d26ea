#include "services/dispatch/delivery/mail_trace.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "libs/tracing/traceparent.h"
#include "services/dispatch/testing/delivery_results.h"
#include "services/dispatch/testing/sender_fixture.h"

namespace lmsmail::dispatch {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

constexpr char kSend[] = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

class MailTraceTest : public SenderFixture, protected tracing::Recorder {
 protected:
  MailTraceTest() { tracing::ExchangeRecorder(this); }
  ~MailTraceTest() override { tracing::ExchangeRecorder(nullptr); }
  void Record(tracing::SpanRecord span) override { spans_.push_back(std::move(span)); }

  void AcceptTraced(const std::string& request_id, int items) {
    Submission submission;
    submission.request_id = request_id;
    submission.batch = items > 1;
    submission.template_ref = {"enrollment", 1, Category::kEnrollment};
    submission.lane = Lane::kTransactional;
    submission.due_time = clock_.Now();
    submission.expire_time = clock_.Now() + absl::Hours(48);
    submission.traceparent = kSend;
    for (int i = 0; i < items; ++i) {
      submission.items.push_back(
          {{Target::Kind::kRecipient, "recipients/s" + std::to_string(i)}, "", ""});
    }
    ASSERT_OK(store_.Accept({submission}, absl::InfiniteFuture()));
  }
  // The names of the spans below the span with this id, as they ended.
  std::vector<std::string> Below(std::string_view id) const {
    std::vector<std::string> names;
    for (const tracing::SpanRecord& span : spans_) {
      if (span.parent == id) names.push_back(span.name);
    }
    return names;
  }
  const tracing::SpanRecord& Delivery() const { return spans_.back(); }
  static std::string Value(const tracing::SpanRecord& span, std::string_view key) {
    for (const auto& [name, value] : span.attributes) {
      if (name == key) return std::get<std::string>(value);
    }
    return "";
  }

  std::vector<tracing::SpanRecord> spans_;
};

TEST_F(MailTraceTest, TheStepsOfADeliveryAreBelowTheSend) {
  AcceptTraced("ada", 1);
  SendDue();
  EXPECT_THAT(Below(tracing::SpanIdOf(kSend)), ElementsAre("deliver mail"));
  ASSERT_EQ(Delivery().name, "deliver mail");
  EXPECT_THAT(Below(tracing::SpanIdOf(Delivery().traceparent)),
              ElementsAre("claim", "check", "render", "send"));
  for (const tracing::SpanRecord& span : spans_) {
    EXPECT_EQ(tracing::TraceIdOf(span.traceparent), tracing::TraceIdOf(kSend)) << span.name;
  }
  EXPECT_EQ(Value(Delivery(), "lmsmail.outcome"), "sent");
  EXPECT_EQ(Value(Delivery(), "lmsmail.transport"), "fake");
  EXPECT_TRUE(Delivery().status.ok());
}

TEST_F(MailTraceTest, TheCheckIsMadeWithinTheTrace) {
  AcceptTraced("ada", 1);
  std::string scope;
  recipients_.OnCheck([&] { scope = std::string(tracing::Scope::Current()); });
  SendDue();
  std::string check;
  for (const tracing::SpanRecord& span : spans_) {
    if (span.name == "check") check = span.traceparent;
  }
  EXPECT_EQ(scope, check);
}

TEST_F(MailTraceTest, ADeliveryEndsWithTheReasonWhyNothingIsSent) {
  AcceptTraced("ada", 1);
  recipients_.SetStatus(absl::UnavailableError("away"));
  SendDue();
  EXPECT_EQ(Delivery().name, "deliver mail");
  EXPECT_EQ(Value(Delivery(), "lmsmail.outcome"), "deferred");
  EXPECT_EQ(Value(Delivery(), "lmsmail.reason"), "check_unavailable");
  EXPECT_THAT(Below(tracing::SpanIdOf(Delivery().traceparent)), ElementsAre("claim", "check"));
}

TEST_F(MailTraceTest, OfABatchEachClaimTracesOneMail) {
  AcceptTraced("weekly", 20);
  SendDue();
  EXPECT_EQ(transport_.mails().size(), 20u);
  EXPECT_THAT(Below(tracing::SpanIdOf(kSend)), ElementsAre("deliver mail"));
}

TEST_F(MailTraceTest, NothingIsRecordedOfOtherMail) {
  Accept("ada");
  SendDue();
  EXPECT_THAT(spans_, IsEmpty());
}

}  // namespace
}  // namespace lmsmail::dispatch
