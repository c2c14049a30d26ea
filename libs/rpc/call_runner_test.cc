#include "libs/rpc/call_runner.h"

#include <google/rpc/error_details.pb.h>
#include <google/rpc/status.pb.h>
#include <grpcpp/create_channel.h>
#include <gtest/gtest.h>

#include <atomic>
#include <optional>
#include <stdexcept>
#include <string>

#include "absl/synchronization/notification.h"
#include "absl/time/clock.h"

#include "libs/rpc/client_call.h"
#include "libs/rpc/testing/call_async.h"
#include "libs/rpc/testing/echo.grpc.pb.h"
#include "libs/rpc/testing/echo_service.h"
#include "libs/rpc/testing/in_process_server.h"
#include "libs/rpc/testing/matchers.h"
#include "libs/status/error_details.h"
#include "libs/testing/status_matchers.h"

namespace lmsmail::rpc {
namespace {

using ::testing::HasSubstr;
using testing::v1::EchoRequest;
using testing::v1::EchoResponse;
namespace pb = testing::v1;

constexpr absl::Duration kTimeout = absl::Seconds(20);

EchoRequest Text(std::string text) {
  EchoRequest request;
  request.set_text(std::move(text));
  return request;
}

absl::StatusOr<EchoResponse> Echo(pb::EchoService::Stub& stub, const EchoRequest& request,
                                  const CallOptions& options = WithTimeout(kTimeout)) {
  return Call(stub, &pb::EchoService::StubInterface::Echo, request, options);
}

// An echo call in flight; the destructor waits for it.
class PendingEcho {
 public:
  PendingEcho(pb::EchoService::Stub& stub, std::string text, absl::Duration timeout = kTimeout) {
    CallAsync(*stub.async(), &pb::EchoService::StubInterface::async_interface::Echo,
              Text(std::move(text)), WithTimeout(timeout),
              [this](absl::StatusOr<EchoResponse> result) {
                result_ = std::move(result);
                done_.Notify();
              });
  }
  ~PendingEcho() { done_.WaitForNotification(); }

  bool done() const { return done_.HasBeenNotified(); }
  const absl::StatusOr<EchoResponse>& Wait() {
    done_.WaitForNotification();
    return result_;
  }

 private:
  absl::StatusOr<EchoResponse> result_ = absl::UnknownError("pending");
  absl::Notification done_;
};

// Blocks the handler of the text "hold" until Release(); counts the handlers that ran.
class Gate {
 public:
  EchoService::Behaviour Behaviour() {
    return [this](const CallInfo& call, const EchoRequest& request, EchoResponse& response) {
      ++ran_;
      if (request.text() == "hold") {
        held_.Notify();
        release_.WaitForNotification();
      }
      return EchoService::Reply(call, request, response);
    };
  }
  void WaitUntilHeld() { held_.WaitForNotification(); }
  void Release() { release_.Notify(); }
  int ran() const { return ran_; }

 private:
  std::atomic<int> ran_ = 0;
  absl::Notification held_;
  absl::Notification release_;
};

CallRunner::Options OneThread(std::size_t queue) {
  CallRunner::Options options = TestRunner::DefaultOptions();
  options.executor = {.threads = 1, .queue = queue};
  return options;
}

// One service behind a real server, called without retries so that each refusal is seen.
struct Fixture {
  explicit Fixture(EchoService::Behaviour behaviour = EchoService::Reply,
                   CallRunner::Options options = TestRunner::DefaultOptions())
      : runner(std::move(options)), service(runner.get(), std::move(behaviour)) {}

  TestRunner runner;
  EchoService service;
  InProcessServer server{Host<pb::EchoService>(service)};
  std::unique_ptr<pb::EchoService::Stub> stub = pb::EchoService::NewStub(
      grpc::CreateChannel(server.target(), grpc::InsecureChannelCredentials()));
};

TEST(CallRunnerTest, KeepsTheCallersIdentity) {
  Fixture f;
  CallOptions options = WithTimeout(kTimeout);
  options.request_id = "enrolment-17";
  ASSERT_OK_AND_ASSIGN(const EchoResponse response, Echo(*f.stub, Text("hi"), options));
  EXPECT_EQ(response.text(), "hi");
  EXPECT_EQ(response.request_id(), "enrolment-17");
  EXPECT_EQ(response.traceparent().substr(0, 36), options.traceparent.substr(0, 36));
}

TEST(CallRunnerTest, CreatesARequestIdAndReturnsItInTheTrailers) {
  Fixture f;
  grpc::ClientContext context;
  EchoResponse response;
  ASSERT_TRUE(f.stub->Echo(&context, Text("hi"), &response).ok());
  const auto& trailers = context.GetServerTrailingMetadata();
  const auto trailer = trailers.find(kRequestIdKey);
  ASSERT_NE(trailer, trailers.end());
  EXPECT_EQ(std::string(trailer->second.data(), trailer->second.size()), response.request_id());
  EXPECT_FALSE(response.request_id().empty());
}

TEST(CallRunnerTest, ReturnsViolationsToTheCaller) {
  Fixture f([](const CallInfo&, const EchoRequest&, EchoResponse&) {
    return InvalidField("text", "must not be shouted");
  });
  const auto result = Echo(*f.stub, Text("HI"));
  EXPECT_THAT(result, StatusIs(absl::StatusCode::kInvalidArgument));
  EXPECT_THAT(result, HasViolation("text", "must not be shouted"));
  EXPECT_THAT(result, HasReason("INVALID_ARGUMENT"));
}

TEST(CallRunnerTest, TurnsExceptionsIntoInternalWithoutTheirText) {
  Fixture f([](const CallInfo&, const EchoRequest& request, EchoResponse&) -> absl::Status {
    if (request.text() == "int") throw 1;
    throw std::runtime_error("secret");
  });
  for (const char* text : {"int", "exception"}) {
    CallOptions options = WithTimeout(kTimeout);
    options.request_id = "find-me";
    const auto result = Echo(*f.stub, Text(text), options);
    EXPECT_THAT(result, StatusIs(absl::StatusCode::kInternal, "internal error"));
    EXPECT_EQ(ReasonOf(result.status()).metadata.at("correlation_id"), "find-me");
  }
}

TEST(CallRunnerTest, RefusesCallsWhenTheQueueIsFull) {
  Gate gate;
  Fixture f(gate.Behaviour(), OneThread(/*queue=*/1));
  PendingEcho running(*f.stub, "hold");
  gate.WaitUntilHeld();
  // One of these waits in the queue; the other is refused.
  absl::StatusOr<EchoResponse> refused = absl::UnknownError("");
  {
    std::optional<PendingEcho> first(std::in_place, *f.stub, "first");
    refused = Echo(*f.stub, Text("second"), WithTimeout(absl::Milliseconds(500)));
    gate.Release();
    if (!absl::IsUnavailable(refused.status())) refused = first->Wait();
  }
  EXPECT_THAT(refused, StatusIs(absl::StatusCode::kUnavailable));
  EXPECT_THAT(refused, HasReason("OVERLOADED"));
  EXPECT_OK(running.Wait());
}

TEST(CallRunnerTest, SkipsCallsWhoseDeadlinePassedInTheQueue) {
  Gate gate;
  Fixture f(gate.Behaviour(), OneThread(/*queue=*/8));
  PendingEcho running(*f.stub, "hold");
  gate.WaitUntilHeld();
  EXPECT_THAT(Echo(*f.stub, Text("late"), WithTimeout(absl::Milliseconds(100))),
              StatusIs(absl::StatusCode::kDeadlineExceeded));
  gate.Release();
  // The queue is first in, first out: when this has run, the late call has been skipped.
  EXPECT_OK(Echo(*f.stub, Text("next")));
  EXPECT_EQ(gate.ran(), 2);
}

TEST(CallRunnerTest, RefusesCallsWithTooLittleTimeLeft) {
  CallRunner::Options options = TestRunner::DefaultOptions();
  options.policy.min_time = absl::Minutes(1);
  Gate gate;
  Fixture f(gate.Behaviour(), std::move(options));
  EXPECT_THAT(Echo(*f.stub, Text("hi")),
              StatusIs(absl::StatusCode::kDeadlineExceeded, HasSubstr("too little time")));
  EXPECT_EQ(gate.ran(), 0);
}

TEST(CallRunnerTest, SetsADeadlineForCallersWithoutOne) {
  absl::Time deadline;
  Fixture f([&](const CallInfo& call, const EchoRequest&, EchoResponse&) {
    deadline = call.deadline;
    return absl::OkStatus();
  });
  grpc::ClientContext context;
  EchoResponse response;
  ASSERT_TRUE(f.stub->Echo(&context, Text("hi"), &response).ok());
  EXPECT_LT(deadline, absl::Now() + CallPolicy().default_deadline);
}

TEST(CallRunnerTest, KeepsAMarginForTheResponse) {
  absl::Time deadline;
  Fixture f([&](const CallInfo& call, const EchoRequest&, EchoResponse&) {
    deadline = call.deadline;
    return absl::OkStatus();
  });
  const CallOptions options = WithTimeout(absl::Seconds(5));
  ASSERT_OK(Echo(*f.stub, Text("hi"), options));
  EXPECT_LT(deadline, options.deadline);
}

TEST(CallRunnerTest, IsUnavailableWhileNotAccepting) {
  Fixture f;
  f.runner.get().SetAccepting(false);
  EXPECT_THAT(Echo(*f.stub, Text("hi")), StatusIs(absl::StatusCode::kUnavailable));
  EXPECT_THAT(Echo(*f.stub, Text("hi")), HasReason("NOT_READY"));
  f.runner.get().SetAccepting(true);
  EXPECT_OK(Echo(*f.stub, Text("hi")));
}

TEST(CallRunnerTest, CountsByMethodAndCode) {
  Fixture f;
  ASSERT_OK(Echo(*f.stub, Text("hi")));
  const std::string text = f.runner.metrics().Serialize();
  EXPECT_THAT(text, HasSubstr("lmsmail_rpc_handled_total{code=\"OK\","
                              "method=\"lmsmail.testing.v1.EchoService/Echo\"} 1"));
  EXPECT_THAT(text, HasSubstr("lmsmail_rpc_in_flight 0"));
}

// The result of a client stream.
struct Collected {
  grpc::Status status;
  EchoResponse response;
};

// Sends `texts` until the server ends the stream.
Collected Collect(pb::EchoService::Stub& stub, const std::vector<std::string>& texts) {
  Collected collected;
  grpc::ClientContext context;
  Apply(WithTimeout(kTimeout), context);
  auto writer = stub.Collect(&context, &collected.response);
  for (const std::string& text : texts) {
    if (!writer->Write(Text(text))) break;
  }
  writer->WritesDone();
  collected.status = writer->Finish();
  return collected;
}

TEST(ClientStreamTest, HandlesMessagesInOrderAndOneAtATime) {
  std::atomic<int> active = 0;
  std::atomic<int> max_active = 0;
  Fixture f([&](const CallInfo& call, const EchoRequest& request, EchoResponse& response) {
    max_active = std::max(max_active.load(), ++active);
    const absl::Status status = EchoService::Reply(call, request, response);
    --active;
    return status;
  });
  std::vector<std::string> texts;
  std::string all;
  for (int i = 0; i < 200; ++i) {
    texts.push_back(std::to_string(i) + ",");
    all += texts.back();
  }
  const Collected collected = Collect(*f.stub, texts);
  EXPECT_THAT(collected.status, GrpcStatusIs(grpc::StatusCode::OK));
  EXPECT_EQ(collected.response.text(), all);
  EXPECT_EQ(max_active, 1);
}

TEST(ClientStreamTest, AcceptsAnEmptyStream) {
  Fixture f;
  EXPECT_THAT(Collect(*f.stub, {}).status, GrpcStatusIs(grpc::StatusCode::OK));
}

TEST(ClientStreamTest, EndsTheStreamAtAnError) {
  std::atomic<int> seen = 0;
  Fixture f([&](const CallInfo&, const EchoRequest& request, EchoResponse&) {
    ++seen;
    return request.text() == "bad" ? InvalidField("text", "is bad") : absl::OkStatus();
  });
  const Collected collected = Collect(*f.stub, {"good", "bad", "never", "never"});
  EXPECT_THAT(collected.status, GrpcStatusIs(grpc::StatusCode::INVALID_ARGUMENT));
  EXPECT_THAT(collected.status, HasViolation("text", "is bad"));
  EXPECT_EQ(seen, 2);
}

TEST(ClientStreamTest, TurnsExceptionsIntoInternal) {
  Fixture f([](const CallInfo&, const EchoRequest&, EchoResponse&) -> absl::Status {
    throw std::runtime_error("secret");
  });
  const Collected collected = Collect(*f.stub, {"x"});
  EXPECT_THAT(collected.status, GrpcStatusIs(grpc::StatusCode::INTERNAL));
  EXPECT_EQ(collected.status.error_message(), "internal error");
}

TEST(ClientStreamTest, LimitsOpenStreamsAndFreesTheSlotsOfCancelledOnes) {
  Gate gate;
  CallRunner::Options options = TestRunner::DefaultOptions();
  options.max_streams = 1;
  Fixture f(gate.Behaviour(), std::move(options));

  grpc::ClientContext context;
  EchoResponse response;
  auto writer = f.stub->Collect(&context, &response);
  ASSERT_TRUE(writer->Write(Text("hold")));
  gate.WaitUntilHeld();
  const Collected second = Collect(*f.stub, {"x"});
  EXPECT_THAT(second.status, GrpcStatusIs(grpc::StatusCode::UNAVAILABLE));
  EXPECT_THAT(second.status, HasReason("OVERLOADED"));

  context.TryCancel();  // while its handler runs
  EXPECT_THAT(writer->Finish(), GrpcStatusIs(grpc::StatusCode::CANCELLED));
  gate.Release();
  // The server frees the slot a moment after the handler has returned.
  const absl::Time give_up = absl::Now() + kTimeout;
  Collected third;
  do {
    third = Collect(*f.stub, {"y"});
  } while (!third.status.ok() && absl::Now() < give_up);
  EXPECT_THAT(third.status, GrpcStatusIs(grpc::StatusCode::OK));
  EXPECT_EQ(third.response.text(), "y");
}

TEST(ClientStreamTest, EndsWhenItsCallerIsSilent) {
  auto options = TestRunner::DefaultOptions();
  options.stream_idle = absl::Milliseconds(20);
  Fixture f(EchoService::Reply, std::move(options));
  for (const bool begun : {false, true}) {
    grpc::ClientContext context;
    EchoResponse response;
    auto writer = f.stub->Collect(&context, &response);
    if (begun) writer->Write(Text("x"));
    const grpc::Status status = writer->Finish();  // without WritesDone()
    EXPECT_THAT(status, GrpcStatusIs(grpc::StatusCode::DEADLINE_EXCEEDED));
    EXPECT_THAT(status.error_message(), HasSubstr("no message arrived on the stream for 20ms"));
  }
}

}  // namespace
}  // namespace lmsmail::rpc
