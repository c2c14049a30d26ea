#include "services/gateway/clients/generic_client.h"

#include <gmock/gmock.h>
#include <google/rpc/error_details.pb.h>
#include <grpcpp/support/server_callback.h>
#include <gtest/gtest.h>

#include <functional>
#include <string>
#include <vector>

#include "absl/synchronization/notification.h"
#include "absl/time/clock.h"

#include "libs/rpc/channel.h"
#include "libs/rpc/status.h"
#include "libs/rpc/testing/echo_service.h"
#include "libs/rpc/testing/in_process_server.h"
#include "libs/status/error_details.h"
#include "libs/testing/status_matchers.h"

namespace lmsmail::gateway {
namespace {

using ::testing::HasSubstr;
using EchoRequest = lmsmail::testing::v1::EchoRequest;
using EchoResponse = lmsmail::testing::v1::EchoResponse;
using EchoApi = lmsmail::testing::v1::EchoService;

OutgoingCall CallOf(const std::vector<std::string>& texts,
                    absl::Duration timeout = absl::Seconds(20)) {
  OutgoingCall call{.deadline = absl::Now() + timeout,
                    .request_id = "id-1",
                    .traceparent = "00-0123456789abcdef0123456789abcdef-0123456789abcdef-01"};
  for (const std::string& text : texts) {
    EchoRequest request;
    request.set_text(text);
    call.requests.push_back(request.SerializeAsString());
  }
  return call;
}

EchoResponse ResponseOf(const CallResult& result) {
  EchoResponse response;
  EXPECT_EQ(result.status.code(), 0) << result.status.ShortDebugString();
  EXPECT_TRUE(response.ParseFromString(result.response));
  return response;
}

class GenericClientTest : public ::testing::Test {
 protected:
  GenericClientTest()
      : catalog_(MethodCatalog::Create({EchoApi::service_full_name()}).value()),
        client_({{EchoApi::service_full_name(), server_.channel()}}) {}
  ~GenericClientTest() override { release_.Notify(); }

  const Method& MethodNamed(std::string_view name) const {
    return *catalog_.Find(EchoApi::service_full_name(), name);
  }

  CallResult Call(std::string_view method, OutgoingCall call) {
    CallResult result;
    absl::Notification done;
    client_.Call(MethodNamed(method), std::move(call), [&](CallResult returned) {
      result = std::move(returned);
      done.Notify();
    });
    done.WaitForNotification();
    return result;
  }

  // Texts that begin like this fail or wait.
  absl::Status Behave(const rpc::CallInfo& call, const EchoRequest& request,
                      EchoResponse& response) {
    if (request.text() == "refuse") return InvalidField("text", "is not welcome");
    if (request.text() == "wait") {
      arrived_.Notify();
      release_.WaitForNotification();
    }
    return rpc::EchoService::Reply(call, request, response);
  }

  absl::Notification arrived_;
  absl::Notification release_;
  rpc::TestRunner runner_;
  rpc::EchoService service_{runner_.get(),
                            [this](const auto& call, const auto& request, auto& response) {
                              return Behave(call, request, response);
                            }};
  rpc::InProcessServer server_{{rpc::Host<EchoApi>(service_)}};
  MethodCatalog catalog_;
  GenericClient client_;
};

TEST_F(GenericClientTest, CallsAMethodByItsName) {
  const EchoResponse response = ResponseOf(Call("Echo", CallOf({"hello"})));
  EXPECT_EQ(response.text(), "hello");
  EXPECT_EQ(response.request_id(), "id-1");
  EXPECT_THAT(response.traceparent(), HasSubstr("0123456789abcdef0123456789abcdef"));
}

TEST_F(GenericClientTest, CarriesLargeMessages) {
  const std::string text(1 << 20, 'x');
  EXPECT_EQ(ResponseOf(Call("Echo", CallOf({text}))).text(), text);
}

TEST_F(GenericClientTest, SendsAStreamInItsOrder) {
  std::vector<std::string> texts;
  std::string joined;
  for (int i = 0; i < 2000; ++i) joined += texts.emplace_back(std::to_string(i));
  EXPECT_EQ(ResponseOf(Call("Collect", CallOf(texts))).text(), joined);
  EXPECT_EQ(ResponseOf(Call("Collect", CallOf({}))).text(), "");
}

TEST_F(GenericClientTest, ReturnsTheErrorThatAServiceGives) {
  for (const char* method : {"Echo", "Collect"}) {
    std::vector<std::string> texts(std::string_view(method) == "Echo" ? 1 : 1000, "refuse");
    const CallResult result = Call(method, CallOf(texts));
    EXPECT_EQ(result.status.code(), static_cast<int>(absl::StatusCode::kInvalidArgument)) << method;
    EXPECT_THAT(result.status.message(), HasSubstr("text: is not welcome"));
    google::rpc::BadRequest violations;
    ASSERT_EQ(result.status.details_size(), 2);
    EXPECT_TRUE(result.status.details(1).UnpackTo(&violations));
    EXPECT_EQ(violations.field_violations(0).field(), "text");
  }
}

TEST_F(GenericClientTest, EndsAtTheDeadline) {
  const CallResult result = Call("Echo", CallOf({"wait"}, absl::Milliseconds(60)));
  EXPECT_EQ(result.status.code(), static_cast<int>(absl::StatusCode::kDeadlineExceeded));
}

TEST_F(GenericClientTest, StopCancelsAndWaits) {
  CallResult result;
  client_.Call(MethodNamed("Echo"), CallOf({"wait"}),
               [&](CallResult returned) { result = std::move(returned); });
  arrived_.WaitForNotification();
  client_.Stop();
  EXPECT_EQ(result.status.code(), static_cast<int>(absl::StatusCode::kCancelled));
  EXPECT_EQ(Call("Echo", CallOf({"late"})).status.code(),
            static_cast<int>(absl::StatusCode::kUnavailable));
}

TEST_F(GenericClientTest, TellsThatAServiceIsDown) {
  const auto channel = rpc::NewChannel(
      {.target = "127.0.0.1:1", .on_behalf_of_others = true});  // a port that nobody listens on
  ASSERT_OK(channel);
  GenericClient client({{EchoApi::service_full_name(), *channel}});
  absl::Notification done;
  CallResult result;
  client.Call(MethodNamed("Echo"), CallOf({"x"}), [&](CallResult returned) {
    result = std::move(returned);
    done.Notify();
  });
  done.WaitForNotification();
  EXPECT_EQ(result.status.code(), static_cast<int>(absl::StatusCode::kUnavailable));
}

}  // namespace
}  // namespace lmsmail::gateway
