#include "libs/rpc/bound_service.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>

#include "libs/rpc/server.h"
#include "libs/rpc/testing/echo.grpc.pb.h"
#include "libs/rpc/testing/echo_service.h"
#include "libs/rpc/testing/in_process_server.h"
#include "libs/testing/status_matchers.h"

namespace lmsmail::rpc {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using testing::v1::EchoRequest;
using testing::v1::EchoResponse;

class Handlers {
 public:
  absl::Status Echo(const CallInfo&, const EchoRequest&, EchoResponse&) { return absl::OkStatus(); }
  void Later(const CallInfo&, const EchoRequest&, EchoResponse&, Responder) {}
  absl::Status Misfit(const CallInfo&, const EchoResponse&, EchoResponse&) {
    return absl::OkStatus();
  }
};

// Binds what a test asks for, and nothing else.
class PartService final : public BoundService<testing::v1::EchoService> {
 public:
  explicit PartService(CallRunner& runner) : BoundService(runner) {}
  using BoundService::Bind;
  using BoundService::BindAsync;
};

class BoundServiceTest : public ::testing::Test {
 protected:
  absl::Status Start() {
    return Server::Start({}, {Host<testing::v1::EchoService>(service_)}).status();
  }

  TestRunner runner_;
  Handlers handlers_;
  PartService service_{runner_.get()};
};

TEST_F(BoundServiceTest, ServerNamesMethodsWithoutHandler) {
  service_.Bind("Echo", handlers_, &Handlers::Echo);
  EXPECT_THAT(Start(), StatusIs(absl::StatusCode::kInternal,
                                "lmsmail.testing.v1.EchoService: Change has no handler; "
                                "Collect has no handler"));
}

TEST_F(BoundServiceTest, ServerNamesMethodsThatTheProtoLacks) {
  service_.Bind("Ehco", handlers_, &Handlers::Echo);
  EXPECT_THAT(Start(), StatusIs(absl::StatusCode::kInternal, HasSubstr("Ehco is not a method")));
}

TEST_F(BoundServiceTest, ServerNamesHandlersWithAnotherSignature) {
  service_.Bind("Echo", handlers_, &Handlers::Misfit);
  service_.Bind("Collect", handlers_, &Handlers::Echo);  // a stream by its proto
  EXPECT_THAT(Start(), StatusIs(absl::StatusCode::kInternal,
                                AllOf(HasSubstr("Echo has a handler with another signature"),
                                      HasSubstr("Collect has a handler with another signature"))));
}

TEST_F(BoundServiceTest, ServerNamesMethodsBoundTwice) {
  service_.Bind("Echo", handlers_, &Handlers::Echo);
  service_.Bind("Echo", handlers_, &Handlers::Echo);
  EXPECT_THAT(Start(), StatusIs(absl::StatusCode::kInternal, HasSubstr("Echo has two handlers")));
}

TEST_F(BoundServiceTest, ServerNamesAuditedMethodsWithAnAsynchronousHandler) {
  service_.BindAsync("Change", handlers_, &Handlers::Later);
  EXPECT_THAT(Start(), StatusIs(absl::StatusCode::kInternal,
                                HasSubstr("Change needs a handler that can be audited")));
}

TEST_F(BoundServiceTest, IsReadyOnceEveryMethodHasItsHandler) {
  EXPECT_OK(EchoService(runner_.get()).CheckBound());
}

}  // namespace
}  // namespace lmsmail::rpc
