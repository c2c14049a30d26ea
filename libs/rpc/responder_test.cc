#include "libs/rpc/responder.h"

#include <grpcpp/create_channel.h>
#include <gtest/gtest.h>

#include <atomic>
#include <cstdint>
#include <memory>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "absl/synchronization/notification.h"

#include "libs/rpc/bound_service.h"
#include "libs/rpc/call_runner.h"
#include "libs/rpc/client_call.h"
#include "libs/rpc/testing/call_async.h"
#include "libs/rpc/testing/echo.grpc.pb.h"
#include "libs/rpc/testing/in_process_server.h"
#include "libs/rpc/testing/matchers.h"
#include "libs/testing/status_matchers.h"

namespace lmsmail::rpc {
namespace {

namespace pb = testing::v1;
using Result = absl::StatusOr<pb::EchoResponse>;

// Keeps every responder until FinishAll().
class WaitingService final : public BoundService<pb::EchoService> {
 public:
  explicit WaitingService(CallRunner& runner) : BoundService(runner) {
    BindAsync("Echo", *this, &WaitingService::KeepEcho);
    Bind("Change", *this, &WaitingService::NeverChange);
    BindClientStream("Collect", *this, &WaitingService::NeverCollect);
  }

  void KeepEcho(const CallInfo&, const pb::EchoRequest& request, pb::EchoResponse& response,
                Responder responder) {
    if (request.text() == "drop") return;
    if (request.text() == "throw") throw std::runtime_error("no");
    response.set_text(request.text());
    absl::MutexLock lock(&mutex_);
    responders_.push_back(std::move(responder));
  }

  absl::Status NeverChange(const CallInfo&, const pb::EchoRequest&, pb::EchoResponse&) {
    return absl::UnimplementedError("");
  }

  void WaitForCalls(std::size_t count) {
    absl::MutexLock lock(&mutex_);
    const auto arrived = [&] { return responders_.size() == count; };
    mutex_.Await(absl::Condition(&arrived));
  }
  void FinishAll(const absl::Status& status) {
    std::vector<Responder> responders;
    {
      absl::MutexLock lock(&mutex_);
      responders.swap(responders_);
    }
    for (Responder& responder : responders) responder.Finish(status);
  }

 private:
  std::unique_ptr<ClientStreamHandler<pb::EchoRequest>> NeverCollect(pb::EchoResponse&) {
    return nullptr;
  }

  absl::Mutex mutex_;
  std::vector<Responder> responders_ ABSL_GUARDED_BY(mutex_);
};

class ResponderTest : public ::testing::Test {
 protected:
  static CallRunner::Options OneThread() {
    CallRunner::Options options = TestRunner::DefaultOptions();
    options.executor.threads = 1;
    options.max_async_calls = 2;
    return options;
  }

  // A call in flight; the destructor waits for it.
  class Pending {
   public:
    Pending(pb::EchoService::Stub& stub, std::string text) {
      pb::EchoRequest request;
      request.set_text(std::move(text));
      CallAsync(*stub.async(), &pb::EchoService::StubInterface::async_interface::Echo, request,
                WithTimeout(absl::Seconds(20)), [this](Result result) {
                  absl::MutexLock lock(&mutex_);
                  result_ = std::move(result);
                  done_ = true;
                });
    }
    ~Pending() { (void)Wait(); }
    Result Wait() {
      absl::MutexLock lock(&mutex_);
      mutex_.Await(absl::Condition(&done_));
      return result_;
    }

   private:
    absl::Mutex mutex_;
    bool done_ ABSL_GUARDED_BY(mutex_) = false;
    Result result_ ABSL_GUARDED_BY(mutex_) = absl::UnknownError("pending");
  };

  TestRunner runner_{OneThread()};
  WaitingService service_{runner_.get()};
  InProcessServer server_{Host<pb::EchoService>(service_)};
  // Without retries, so that each refusal is seen.
  std::unique_ptr<pb::EchoService::Stub> stub_ = pb::EchoService::NewStub(
      grpc::CreateChannel(server_.target(), grpc::InsecureChannelCredentials()));
};

TEST_F(ResponderTest, WaitingCallsHoldNoThread) {
  Pending first(*stub_, "first");
  Pending second(*stub_, "second");
  service_.WaitForCalls(2);
  service_.FinishAll(absl::OkStatus());
  ASSERT_OK(first.Wait());
  EXPECT_EQ(first.Wait()->text(), "first");
  ASSERT_OK(second.Wait());
  EXPECT_EQ(second.Wait()->text(), "second");
}

TEST_F(ResponderTest, FinishesWithAnError) {
  Pending call(*stub_, "x");
  service_.WaitForCalls(1);
  service_.FinishAll(absl::NotFoundError("no such thing"));
  EXPECT_THAT(call.Wait(), StatusIs(absl::StatusCode::kNotFound));
}

TEST_F(ResponderTest, DroppedResponderFinishesWithInternal) {
  EXPECT_THAT(Pending(*stub_, "drop").Wait(), StatusIs(absl::StatusCode::kInternal));
  EXPECT_THAT(Pending(*stub_, "throw").Wait(), StatusIs(absl::StatusCode::kInternal));
}

TEST_F(ResponderTest, CallAsyncHoldsNoReferenceToTheChannelWhenDone) {
  auto channel = grpc::CreateChannel(server_.target(), grpc::InsecureChannelCredentials());
  const auto stub = pb::EchoService::NewStub(channel);
  const std::int64_t use_count_before = channel.use_count();
  std::atomic<std::int64_t> use_count_when_done = 0;
  absl::Notification done;
  CallAsync(*stub->async(), &pb::EchoService::StubInterface::async_interface::Echo, {},
            WithTimeout(absl::Seconds(20)), [&](const Result&) {
              use_count_when_done = channel.use_count();
              done.Notify();
            });
  service_.WaitForCalls(1);
  service_.FinishAll(absl::OkStatus());
  done.WaitForNotification();
  EXPECT_EQ(use_count_when_done, use_count_before);
}

TEST_F(ResponderTest, RefusesCallsBeyondTheLimit) {
  Pending first(*stub_, "first");
  Pending second(*stub_, "second");
  service_.WaitForCalls(2);
  const Result refused = Pending(*stub_, "third").Wait();
  EXPECT_THAT(refused, StatusIs(absl::StatusCode::kUnavailable));
  EXPECT_THAT(refused, HasReason("OVERLOADED"));
  service_.FinishAll(absl::OkStatus());
  EXPECT_OK(first.Wait());
  EXPECT_OK(second.Wait());
  Pending fourth(*stub_, "fourth");
  service_.WaitForCalls(1);
  service_.FinishAll(absl::OkStatus());
  EXPECT_OK(fourth.Wait());
}

}  // namespace
}  // namespace lmsmail::rpc
