#include "libs/rpc/received.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "libs/rpc/request_keys.h"
#include "libs/rpc/testing/echo_service.h"
#include "libs/rpc/testing/in_process_server.h"
#include "libs/rpc/testing/matchers.h"
#include "libs/rpc/testing/raw_call.h"
#include "libs/telemetry/testing/scoped_log_capture.h"
#include "libs/testing/status_matchers.h"

// What callers are told whose bytes are no message, over a real connection.
namespace lmsmail::rpc {
namespace {

using ::testing::AllOf;
using ::testing::Contains;
using ::testing::Field;
using ::testing::HasSubstr;

constexpr char kEcho[] = "/lmsmail.testing.v1.EchoService/Echo";
constexpr char kCollect[] = "/lmsmail.testing.v1.EchoService/Collect";

std::string Text(std::string_view text) {
  testing::v1::EchoRequest request;
  request.set_text(std::string(text));
  return request.SerializeAsString();
}

class ReceivedTest : public ::testing::Test {
 protected:
  RawResult Call(const std::string& method, const std::vector<std::string>& messages) {
    return CallRaw(server_.channel(), method, messages, WithTimeout(absl::Seconds(20)));
  }

  std::string Metrics() const { return runner_.metrics().Serialize(); }

  telemetry::ScopedLogCapture log_;
  TestRunner runner_;
  EchoService service_{runner_.get()};
  InProcessServer server_{Host<testing::v1::EchoService>(service_)};
};

TEST_F(ReceivedTest, UnaryCallIsRefusedWithARemedy) {
  for (const UndecodableBytes& bad :
       AllUndecodableBytes(/*string_field=*/1, /*recursive_field=*/2)) {
    SCOPED_TRACE(bad.name);
    const RawResult result = Call(kEcho, {bad.bytes});
    EXPECT_THAT(result.status, GrpcStatusIs(grpc::StatusCode::INVALID_ARGUMENT));
    EXPECT_THAT(result.status, HasReason("UNDECODABLE_REQUEST"));
    EXPECT_THAT(result.status.error_message(), HasSubstr("lmsmail.testing.v1.EchoRequest"));
  }
}

TEST(RequestKeysTest, KeysHaveOneSpelling) {
  testing::v1::EchoRequest request;
  request.set_key(" u\xcc\x88 ");
  request.set_text(" text ");
  request.mutable_nested()->set_key("k\n");
  NormalizeKeys(request);
  EXPECT_EQ(request.key(), "\xc3\xbc");
  EXPECT_EQ(request.text(), " text ");
  EXPECT_EQ(request.nested().key(), "k");
}

TEST_F(ReceivedTest, NormalizesTheKeysOfARequest) {
  std::string key;
  EchoService service(runner_.get(), [&](const CallInfo&, const auto& request, auto&) {
    key = request.key();
    return absl::OkStatus();
  });
  InProcessServer server{Host<testing::v1::EchoService>(service)};
  testing::v1::EchoRequest request;
  request.set_key("\tpay-7 ");
  CallRaw(server.channel(), kEcho, {request.SerializeAsString()}, WithTimeout(absl::Seconds(20)));
  EXPECT_EQ(key, "pay-7");
}

TEST_F(ReceivedTest, NamesTheFieldThatIsNotUtf8) {
  for (const char* method : {kEcho, kCollect}) {
    EXPECT_THAT(Call(method, {"\x0a\x01\xff"}).status.error_message(),
                AllOf(HasSubstr("lmsmail.testing.v1.EchoRequest.text"), HasSubstr("UTF-8")));
  }
}

TEST_F(ReceivedTest, StreamIsNeverTakenAsEndedByItsCaller) {
  for (const UndecodableBytes& bad :
       AllUndecodableBytes(/*string_field=*/1, /*recursive_field=*/2)) {
    SCOPED_TRACE(bad.name);
    const std::vector<std::vector<std::string>> streams = {
        {bad.bytes}, {Text("a"), bad.bytes}, {Text("a"), bad.bytes, Text("b")}};
    for (const std::vector<std::string>& stream : streams) {
      const RawResult result = Call(kCollect, stream);
      EXPECT_THAT(result.status, GrpcStatusIs(grpc::StatusCode::INVALID_ARGUMENT));
      EXPECT_THAT(result.status, HasReason("UNDECODABLE_REQUEST"));
    }
  }
}

// As Protobuf demands: a field of another type than ours is one that we do not know.
TEST_F(ReceivedTest, IgnoresFieldsWithAnotherWireType) {
  EXPECT_THAT(Call(kEcho, {std::string("\x08\x01", 2)}).status, GrpcStatusIs(grpc::StatusCode::OK));
}

TEST_F(ReceivedTest, IsCountedAndLogged) {
  Call(kEcho, {"\x0a\x01\xff"});
  Call(kCollect, {Text("a"), "\x0a\x01\xff"});
  for (const char* method : {"Echo", "Collect"}) {
    EXPECT_THAT(Metrics(), HasSubstr(std::string("lmsmail_rpc_undecodable_total{method=\"lmsmail."
                                                 "testing.v1.EchoService/") +
                                     method + "\""));
  }
  EXPECT_THAT(log_.events(),
              Contains(Field(&telemetry::LoggedEvent::message, "request cannot be parsed")));
}

}  // namespace
}  // namespace lmsmail::rpc
