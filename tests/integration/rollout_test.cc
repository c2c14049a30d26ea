// An update of every replica while mail flows, as Kubernetes does it, and then the same by SIGKILL.

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>
#include <string>

#include "libs/rpc/channel.h"
#include "tests/integration/suite/lms_client.h"
#include "tests/integration/suite/payments.h"
#include "tests/integration/suite/suite_test.h"
#include "tests/integration/suite/wait.h"

namespace lmsmail::integration {
namespace {

constexpr int kDispatchReplicas = 3;
constexpr int kPaymentsBetween = 20;  // two replacements

class RolloutTest : public SuiteTest {
 protected:
  static void SetUpTestSuite() {
    StartSuite({.services = {"template", "template/1", "preference", "preference/1", "dispatch",
                             "dispatch/1", "dispatch/2", "report", "report/1", "scheduler",
                             "scheduler/1"}});
    ASSERT_OK(Register(suite(), Payments::Students()));
  }
  void SetUp() override {
    SuiteTest::SetUp();
    ASSERT_OK_AND_ASSIGN(schedulers_,
                         rpc::NewChannel({.target = suite().TargetOfAll("scheduler")}));
  }

  // Replaces each replica in turn while payments are published, and accounts for their receipts.
  template <typename End>
  void Replace(std::string prefix, End end, int max_doubles) {
    const std::size_t before = suite().inbox().Count();
    Payments payments(schedulers_, std::move(prefix));
    for (const std::string_view replica : suite().services()) {
      end(replica);
      ASSERT_OK(suite().Restart(replica)) << replica;
      const int accepted = payments.accepted();
      ASSERT_OK(WaitUntil("payments go on",
                          [&] { return payments.accepted() >= accepted + kPaymentsBetween; }));
    }
    payments.Stop();
    const auto expected = static_cast<std::size_t>(payments.accepted());
    for (int i = 0; i < payments.accepted(); ++i) {
      ASSERT_OK(WaitUntilDone(suite(), payments.EventId(i)));
    }
    ASSERT_OK(WaitUntilQueueIsEmpty(suite().dispatch()));
    ASSERT_OK_AND_ASSIGN(const auto mails, suite().inbox().ReadAll());
    std::set<std::string> distinct;
    for (const auto& mail : mails) distinct.insert(mail.header().at("message-id"));
    const auto received = distinct.size() - before_distinct_;
    const auto doubles = static_cast<int>(mails.size() - before - received);
    fmt::print("{} payments, {} calls repeated: {} lost, {} doubles\n", expected,
               payments.repeated(), expected - received, doubles);
    EXPECT_GT(expected, 100u);
    EXPECT_EQ(received, expected);
    EXPECT_LE(doubles, max_doubles);
    before_distinct_ = distinct.size();
  }

  std::shared_ptr<grpc::Channel> schedulers_;
  static inline std::size_t before_distinct_ = 0;
};

TEST_F(RolloutTest, BySigtermLosesAndDoublesNothing) {
  Replace(
      "term",
      [](std::string_view replica) {
        EXPECT_THAT(suite().Terminate(replica), IsOkAndHolds(0)) << replica;
      },
      0);
}

TEST_F(RolloutTest, BySigkillLosesNothing) {
  // A killed replica leaves at most the mails uncertain that were between "." and the reply, one
  // for each connection.
  constexpr int kConnections = 8;
  Replace(
      "kill", [](std::string_view replica) { ASSERT_OK(suite().Kill(replica)) << replica; },
      kDispatchReplicas * kConnections);
}

}  // namespace
}  // namespace lmsmail::integration
