#include "libs/rpc/answer.h"

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

#include "libs/rpc/call_runner.h"
#include "libs/rpc/client_call.h"
#include "libs/rpc/testing/echo.grpc.pb.h"
#include "libs/rpc/testing/in_process_server.h"
#include "libs/rpc/testing/matchers.h"
#include "libs/testing/status_matchers.h"

namespace lmsmail::rpc {
namespace {

namespace pb = testing::v1;
using Result = absl::StatusOr<pb::EchoResponse>;

// Keeps every answer until told to give them.
class PatientService final : public pb::EchoService::CallbackService {
 public:
  explicit PatientService(CallRunner& runner) : runner_(runner) {}

  grpc::ServerUnaryReactor* Echo(grpc::CallbackServerContext* context,
                                 const pb::EchoRequest* request,
                                 pb::EchoResponse* response) override {
    return runner_.RunDeferring(context, "lmsmail.testing.v1.EchoService/Echo",
                                [=, this](const CallInfo&, Answer&& answer) {
                                  if (request->text() == "drop") return;
                                  if (request->text() == "throw") throw std::runtime_error("no");
                                  response->set_text(request->text());
                                  Keep(std::move(answer));
                                });
  }

  void WaitForAnswers(std::size_t count) {
    absl::MutexLock lock(&mutex_);
    const auto there = [&] { return answers_.size() == count; };
    mutex_.Await(absl::Condition(&there));
  }
  void GiveAll(const absl::Status& status) {
    std::vector<Answer> answers;
    {
      absl::MutexLock lock(&mutex_);
      answers.swap(answers_);
    }
    for (Answer& answer : answers) answer.Give(status);
  }

 private:
  void Keep(Answer answer) {
    absl::MutexLock lock(&mutex_);
    answers_.push_back(std::move(answer));
  }

  CallRunner& runner_;
  absl::Mutex mutex_;
  std::vector<Answer> answers_ ABSL_GUARDED_BY(mutex_);
};

class AnswerTest : public ::testing::Test {
 protected:
  static CallRunner::Options OneThread() {
    CallRunner::Options options = TestRunner::DefaultOptions();
    options.executor.threads = 1;
    options.max_deferred = 2;
    return options;
  }

  // Its result comes when the returned object is asked for it.
  class Pending {
   public:
    Pending(pb::EchoService::Stub& stub, std::string text) {
      pb::EchoRequest request;
      request.set_text(std::move(text));
      CallAsync(*stub.async(), &pb::EchoService::StubInterface::async_interface::Echo, request,
                After(absl::Seconds(20)), [this](Result result) {
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
  PatientService service_{runner_.get()};
  InProcessServer server_{Host<pb::EchoService>(service_)};
  // Without retries, so that each refusal is seen.
  std::unique_ptr<pb::EchoService::Stub> stub_ = pb::EchoService::NewStub(
      grpc::CreateChannel(server_.target(), grpc::InsecureChannelCredentials()));
};

TEST_F(AnswerTest, WhoWaitsForOneHoldsNoThread) {
  Pending first(*stub_, "first");
  Pending second(*stub_, "second");
  service_.WaitForAnswers(2);
  service_.GiveAll(absl::OkStatus());
  ASSERT_OK(first.Wait());
  EXPECT_EQ(first.Wait()->text(), "first");
  ASSERT_OK(second.Wait());
  EXPECT_EQ(second.Wait()->text(), "second");
}

TEST_F(AnswerTest, MayBeAnError) {
  Pending call(*stub_, "x");
  service_.WaitForAnswers(1);
  service_.GiveAll(absl::NotFoundError("no such thing"));
  EXPECT_THAT(call.Wait(), StatusIs(absl::StatusCode::kNotFound));
}

TEST_F(AnswerTest, OneThatIsDroppedIsInternal) {
  EXPECT_THAT(Pending(*stub_, "drop").Wait(), StatusIs(absl::StatusCode::kInternal));
  EXPECT_THAT(Pending(*stub_, "throw").Wait(), StatusIs(absl::StatusCode::kInternal));
}

TEST_F(AnswerTest, WhoeverHasItMayDestroyTheChannel) {
  auto channel = grpc::CreateChannel(server_.target(), grpc::InsecureChannelCredentials());
  const auto stub = pb::EchoService::NewStub(channel);
  const std::int64_t before = channel.use_count();
  std::atomic<std::int64_t> when_done = 0;
  absl::Notification done;
  CallAsync(*stub->async(), &pb::EchoService::StubInterface::async_interface::Echo, {},
            After(absl::Seconds(20)), [&](const Result&) {
              when_done = channel.use_count();
              done.Notify();
            });
  service_.WaitForAnswers(1);
  service_.GiveAll(absl::OkStatus());
  done.WaitForNotification();
  EXPECT_EQ(when_done, before);
}

TEST_F(AnswerTest, SoManyAreWaitedForAtOnce) {
  Pending first(*stub_, "first");
  Pending second(*stub_, "second");
  service_.WaitForAnswers(2);
  const Result refused = Pending(*stub_, "third").Wait();
  EXPECT_THAT(refused, StatusIs(absl::StatusCode::kUnavailable));
  EXPECT_THAT(refused, HasReason("OVERLOADED"));
  service_.GiveAll(absl::OkStatus());
  EXPECT_OK(first.Wait());
  EXPECT_OK(second.Wait());
  Pending fourth(*stub_, "fourth");
  service_.WaitForAnswers(1);
  service_.GiveAll(absl::OkStatus());
  EXPECT_OK(fourth.Wait());
}

}  // namespace
}  // namespace lmsmail::rpc
