#pragma once

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "tests/integration/suite/gateway.h"
#include "tests/integration/suite/lms_client.h"
#include "tests/integration/suite/suite_test.h"

namespace lmsmail::integration {

// A fixture whose tests share one suite that can send mail, and a gateway.
class GatewayTest : public SuiteTest {
 protected:
  static constexpr std::string_view kTip = "tip";  // a template whose mail is optional

  static void StartWithGateway(Suite::Options options, std::vector<std::string> gateway_flags) {
    options.services = {"template", "preference", "dispatch"};
    StartSuite(std::move(options));
    ASSERT_OK(CreateGreeting(suite(), kTip, type::v1::CATEGORY_CONTENT));
    ASSERT_OK_AND_ASSIGN(gateway_, Gateway::Start(suite(), std::move(gateway_flags)));
  }
  static void TearDownTestSuite() {
    gateway_.reset();
    SuiteTest::TearDownTestSuite();
  }
  void SetUp() override {
    SuiteTest::SetUp();
    ASSERT_NE(gateway_, nullptr) << "the gateway did not start";
  }

  // Returns a mail that was sent to the student.
  static dispatch::v1::Message SentTo(std::string_view student) {
    EXPECT_OK(Register(suite(), {std::string(student)}));
    EXPECT_OK(Send(suite(), Greet(kTip, student, fmt::format("first/{}", student))));
    auto message = WaitForState(suite(), student, dispatch::v1::STATE_SENT);
    EXPECT_OK(message);
    return message.value_or(dispatch::v1::Message());
  }
  static dispatch::v1::ExplainMessageResponse Explained(const dispatch::v1::Message& message) {
    auto explained = Explain(suite(), message.name());
    EXPECT_OK(explained);
    return explained.value_or(dispatch::v1::ExplainMessageResponse());
  }
  static dispatch::v1::State StateOf(const dispatch::v1::Message& message) {
    return Explained(message).message().state();
  }
  // The suppression of the student's address; empty if there is none.
  static preference::v1::Suppression SuppressionOf(std::string_view student) {
    preference::v1::ListSuppressionsRequest request;
    request.set_page_size(500);
    const auto list = Call(suite().preferences(), &Preferences::ListSuppressions, request);
    EXPECT_OK(list);
    if (!list.ok()) return {};
    for (const preference::v1::Suppression& each : list->suppressions()) {
      if (each.email_address() == AddressOf(student)) return each;
    }
    return {};
  }

  static int Post(std::string_view target, std::string_view body, std::string_view fields = "") {
    return gateway_
        ->Send(fmt::format("POST {} HTTP/1.1\r\nHost: x\r\nContent-Length: {}\r\n{}\r\n{}", target,
                           body.size(), fields, body))
        .status;
  }

  static inline std::unique_ptr<Gateway> gateway_;
};

}  // namespace lmsmail::integration
