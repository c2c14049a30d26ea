#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/clock.h"

#include "libs/rpc/client_call.h"
#include "libs/rpc/testing/echo.grpc.pb.h"
#include "libs/rpc/testing/echo_service.h"
#include "libs/rpc/testing/in_process_server.h"
#include "libs/testing/status_matchers.h"
#include "libs/tracing/span.h"
#include "libs/tracing/traceparent.h"

namespace lmsmail::rpc {
namespace {

using ::testing::IsEmpty;
using ::testing::SizeIs;
using testing::v1::EchoRequest;
using testing::v1::EchoResponse;
namespace pb = testing::v1;

constexpr char kMethod[] = "lmsmail.testing.v1.EchoService/Echo";
constexpr char kCaller[] = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

// A service that, asked for "outer", asks itself for "inner", as services call each other.
class CallTraceTest : public ::testing::Test, protected tracing::Recorder {
 protected:
  CallTraceTest() { tracing::ExchangeRecorder(this); }
  ~CallTraceTest() override { tracing::ExchangeRecorder(nullptr); }

  void Record(tracing::SpanRecord span) override {
    absl::MutexLock lock(&mutex_);
    spans_.push_back(std::move(span));
  }
  std::vector<tracing::SpanRecord> spans() {
    absl::MutexLock lock(&mutex_);
    return spans_;
  }

  absl::StatusOr<EchoResponse> Echo(std::string text, const CallOptions& options) {
    EchoRequest request;
    request.set_text(std::move(text));
    return Call(*stub_, &pb::EchoService::StubInterface::Echo, request, options);
  }
  absl::Status Handle(const CallInfo& call, const EchoRequest& request, EchoResponse& response) {
    if (request.text() == "refuse") return absl::NotFoundError("no");
    if (request.text() == "fail") return absl::InternalError("a bug");
    if (request.text() == "outer") {
      // As clients in the domain do, which know no CallInfo.
      const auto inner = Echo("inner", WithTimeout(absl::Seconds(20)));
      if (!inner.ok()) return inner.status();
    }
    return EchoService::Reply(call, request, response);
  }
  static CallOptions From(const char* traceparent) {
    return {.deadline = absl::Now() + absl::Seconds(20), .traceparent = traceparent};
  }

  absl::Mutex mutex_;
  std::vector<tracing::SpanRecord> spans_ ABSL_GUARDED_BY(mutex_);
  TestRunner runner_;
  EchoService service_{runner_.get(),
                       [this](const CallInfo& call, const EchoRequest& request,
                              EchoResponse& response) { return Handle(call, request, response); }};
  InProcessServer server_{Host<pb::EchoService>(service_)};
  std::unique_ptr<pb::EchoService::Stub> stub_ = server_.NewStub<pb::EchoService>();
};

TEST_F(CallTraceTest, CallsOfAHandlerAreBelowTheCallThatItServes) {
  ASSERT_OK(Echo("outer", From(kCaller)));
  const std::vector<tracing::SpanRecord> ended = spans();
  ASSERT_THAT(ended, SizeIs(4));  // the inner ones end first
  const auto& inner_server = ended[0];
  const auto& inner_client = ended[1];
  const auto& outer_server = ended[2];
  const auto& outer_client = ended[3];
  EXPECT_EQ(inner_server.parent, tracing::SpanIdOf(inner_client.traceparent));
  EXPECT_EQ(inner_client.parent, tracing::SpanIdOf(outer_server.traceparent));
  EXPECT_EQ(outer_server.parent, tracing::SpanIdOf(outer_client.traceparent));
  EXPECT_EQ(outer_client.parent, tracing::SpanIdOf(kCaller));
  EXPECT_EQ(outer_server.kind, tracing::SpanKind::kServer);
  EXPECT_EQ(outer_client.kind, tracing::SpanKind::kClient);
  for (const tracing::SpanRecord& span : ended) {
    EXPECT_EQ(span.name, kMethod);
    EXPECT_EQ(tracing::TraceIdOf(span.traceparent), tracing::TraceIdOf(kCaller));
  }
}

TEST_F(CallTraceTest, OnlyFaultsOfTheServiceFailItsSpan) {
  EXPECT_THAT(Echo("refuse", From(kCaller)), StatusIs(absl::StatusCode::kNotFound));
  EXPECT_THAT(Echo("fail", From(kCaller)), StatusIs(absl::StatusCode::kInternal));
  const std::vector<tracing::SpanRecord> ended = spans();
  ASSERT_THAT(ended, SizeIs(4));
  EXPECT_OK(ended[0].status);
  EXPECT_THAT(ended[1].status, StatusIs(absl::StatusCode::kNotFound));  // the client's
  EXPECT_THAT(ended[2].status, StatusIs(absl::StatusCode::kInternal));
}

TEST_F(CallTraceTest, ACallOutsideOfEveryTraceBeginsOne) {
  tracing::SetSampleRatio(1);
  const absl::Status called = Echo("inner", WithTimeout(absl::Seconds(20))).status();
  tracing::SetSampleRatio(0);
  ASSERT_OK(called);
  const std::vector<tracing::SpanRecord> ended = spans();
  ASSERT_THAT(ended, SizeIs(2));
  EXPECT_EQ(ended[1].parent, "");
  EXPECT_EQ(ended[0].parent, tracing::SpanIdOf(ended[1].traceparent));
}

TEST_F(CallTraceTest, RecordsNothingOfCallsThatAreNotSampled) {
  const std::string caller = std::string(kCaller).substr(0, 53) + "00";
  ASSERT_OK_AND_ASSIGN(const EchoResponse response, Echo("outer", From(caller.c_str())));
  EXPECT_EQ(tracing::TraceIdOf(response.traceparent()), tracing::TraceIdOf(kCaller));
  ASSERT_OK(Echo("outer", WithTimeout(absl::Seconds(20))));
  EXPECT_THAT(spans(), IsEmpty());
}

}  // namespace
}  // namespace lmsmail::rpc
