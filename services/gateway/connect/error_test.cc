#include "services/gateway/connect/error.h"

#include <gmock/gmock.h>
#include <google/rpc/error_details.pb.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <set>
#include <string>

namespace lmsmail::gateway {
namespace {

using nlohmann::json;

google::rpc::Status StatusOf(int code, const std::string& message = "") {
  google::rpc::Status status;
  status.set_code(code);
  status.set_message(message);
  return status;
}

std::string NameOf(int code) { return json::parse(ErrorJson(StatusOf(code))).at("code"); }

TEST(ErrorTest, HasTheCodesOfTheProtocol) {
  struct Case {
    int code;
    std::string name;
    int http_status;
  };
  // The table of https://connectrpc.com/docs/protocol/#error-codes.
  const Case cases[] = {{1, "canceled", 499},
                        {2, "unknown", 500},
                        {3, "invalid_argument", 400},
                        {4, "deadline_exceeded", 504},
                        {5, "not_found", 404},
                        {6, "already_exists", 409},
                        {7, "permission_denied", 403},
                        {8, "resource_exhausted", 429},
                        {9, "failed_precondition", 400},
                        {10, "aborted", 409},
                        {11, "out_of_range", 400},
                        {12, "unimplemented", 501},
                        {13, "internal", 500},
                        {14, "unavailable", 503},
                        {15, "data_loss", 500},
                        {16, "unauthenticated", 401}};
  for (const Case& each : cases) {
    EXPECT_EQ(NameOf(each.code), each.name);
    EXPECT_EQ(HttpStatusOf(each.code), each.http_status) << each.name;
  }
  for (const int code : {0, -1, 17, 1'000'000}) {
    EXPECT_EQ(NameOf(code), "unknown") << code;
    EXPECT_EQ(HttpStatusOf(code), 500) << code;
  }
}

TEST(ErrorTest, CarriesDetails) {
  google::rpc::Status status = StatusOf(14, "overloaded: back off and retry");
  google::rpc::RetryInfo retry;
  retry.mutable_retry_delay()->set_seconds(30);
  status.add_details()->PackFrom(retry);
  // The example of the protocol's document.
  EXPECT_EQ(json::parse(ErrorJson(status)), json::parse(R"({
    "code": "unavailable",
    "message": "overloaded: back off and retry",
    "details": [{"type": "google.rpc.RetryInfo", "value": "CgIIHg", "debug": {"retryDelay": "30s"}}]
  })"));
}

TEST(ErrorTest, ADetailOfAnUnknownTypeOrWithoutSenseHasNoDebug) {
  google::rpc::Status status = StatusOf(3);
  status.add_details()->set_type_url("type.example/some.Unknown");
  status.mutable_details(0)->set_value("\xfb\xff");
  status.add_details()->set_type_url("type.googleapis.com/google.rpc.RetryInfo");
  status.mutable_details(1)->set_value("\xff\xff\xff");
  const json details = json::parse(ErrorJson(status)).at("details");
  EXPECT_EQ(details[0], json::parse(R"({"type": "some.Unknown", "value": "+/8"})"));
  EXPECT_EQ(details[1], json::parse(R"({"type": "google.rpc.RetryInfo", "value": "////"})"));
}

TEST(ErrorTest, IsJsonWhateverTheMessageIs) {
  for (const std::string& message : {std::string("\xff\xc3"), std::string("a\0b\x1b", 4)}) {
    EXPECT_TRUE(json::accept(ErrorJson(StatusOf(2, message))));
  }
}

}  // namespace
}  // namespace lmsmail::gateway
