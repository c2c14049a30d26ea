#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <stdexcept>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"

#include "libs/audit/audit_log.h"
#include "libs/rpc/call_runner.h"
#include "libs/rpc/client_call.h"
#include "libs/rpc/testing/echo.grpc.pb.h"
#include "libs/rpc/testing/echo_service.h"
#include "libs/rpc/testing/in_process_server.h"
#include "libs/testing/status_matchers.h"

namespace lmsmail::rpc {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using testing::v1::EchoRequest;
using testing::v1::EchoResponse;
using Stub = testing::v1::EchoService::StubInterface;

class FakeAuditLog final : public audit::AuditLog {
 public:
  absl::StatusOr<std::int64_t> Begin(const audit::Call& call, absl::Time) override {
    if (!available.ok()) return available;
    Add("begin " + call.method + " by " + call.caller + " as " + call.request_id);
    return 7;
  }
  void End(std::int64_t id, absl::StatusCode code) override {
    Add("end " + std::to_string(id) + " " + absl::StatusCodeToString(code));
  }
  void Add(std::string entry) {
    absl::MutexLock lock(&mutex_);
    entries_.push_back(std::move(entry));
  }
  std::vector<std::string> entries() {
    absl::MutexLock lock(&mutex_);
    return entries_;
  }

  absl::Status available;

 private:
  absl::Mutex mutex_;
  std::vector<std::string> entries_ ABSL_GUARDED_BY(mutex_);
};

class AuditedCallTest : public ::testing::Test {
 protected:
  static CallRunner::Options OptionsWith(audit::AuditLog& log) {
    CallRunner::Options options = TestRunner::DefaultOptions();
    options.audit_log = &log;
    return options;
  }
  absl::Status Answer(const EchoRequest& request) {
    log_.Add("handler");
    if (request.text() == "throw") throw std::runtime_error("no");
    return request.text() == "fail" ? absl::NotFoundError("no") : absl::OkStatus();
  }
  template <typename Method>
  absl::Status Call(Method method, const std::string& text = "") {
    EchoRequest request;
    request.set_text(text);
    CallOptions options = WithTimeout(absl::Seconds(20));
    options.request_id = "r1";
    return rpc::Call(*stub_, method, request, options).status();
  }

  FakeAuditLog log_;
  TestRunner runner_{OptionsWith(log_)};
  EchoService service_{runner_.get(), [this](const CallInfo&, const EchoRequest& request,
                                             EchoResponse&) { return Answer(request); }};
  InProcessServer server_{Host<testing::v1::EchoService>(service_)};
  std::unique_ptr<testing::v1::EchoService::Stub> stub_ =
      server_.NewStub<testing::v1::EchoService>();
};

constexpr char kBegin[] = "begin lmsmail.testing.v1.EchoService/Change by anonymous as r1";

TEST_F(AuditedCallTest, IsRecordedBeforeItRunsAndAfterwards) {
  EXPECT_OK(Call(&Stub::Change));
  EXPECT_THAT(log_.entries(), ElementsAre(kBegin, "handler", "end 7 OK"));
}

TEST_F(AuditedCallTest, IsRecordedWithItsError) {
  EXPECT_THAT(Call(&Stub::Change, "fail"), StatusIs(absl::StatusCode::kNotFound));
  EXPECT_THAT(log_.entries(), ElementsAre(kBegin, "handler", "end 7 NOT_FOUND"));
}

TEST_F(AuditedCallTest, IsRecordedWhenItsHandlerThrows) {
  EXPECT_THAT(Call(&Stub::Change, "throw"), StatusIs(absl::StatusCode::kInternal));
  EXPECT_THAT(log_.entries(), ElementsAre(kBegin, "handler", "end 7 INTERNAL"));
}

TEST_F(AuditedCallTest, DoesNotRunWhenItCannotBeRecorded) {
  log_.available = absl::UnavailableError("no database");
  EXPECT_THAT(Call(&Stub::Change), StatusIs(absl::StatusCode::kUnavailable));
  EXPECT_THAT(log_.entries(), IsEmpty());
}

TEST_F(AuditedCallTest, IsOneThatChangesSomething) {
  EXPECT_OK(Call(&Stub::Echo));
  EXPECT_THAT(log_.entries(), ElementsAre("handler"));
}

}  // namespace
}  // namespace lmsmail::rpc
