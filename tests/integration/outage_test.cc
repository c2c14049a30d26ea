// PostgreSQL becomes unavailable and returns.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <string>

#include "tests/integration/suite/lms_client.h"
#include "tests/integration/suite/suite_test.h"
#include "tests/integration/suite/wait.h"

namespace lmsmail::integration {
namespace {

namespace pb = dispatch::v1;

class OutageTest : public SuiteTest {
 protected:
  static void SetUpTestSuite() {
    SuiteTest::SetUpTestSuite();
    ASSERT_OK(CreateGreeting(suite(), "announcement", type::v1::CATEGORY_ANNOUNCEMENT));
  }

  static void WaitUntilServing() {
    for (const std::string_view service : suite().services()) {
      ASSERT_OK(suite().WaitUntilServing(service));
    }
  }

  // Runs `outage` while a batch is being sent. Expects every mail of the batch to arrive once.
  static void ExpectBatchSurvives(std::string_view prefix,
                                  const std::function<absl::Status()>& outage) {
    constexpr int kMails = 300;
    const std::size_t before = suite().inbox().Count();
    ASSERT_OK(GreetMany(suite(), "announcement", prefix, kMails));
    ASSERT_OK(WaitUntil("some of the mail has arrived",
                        [&] { return suite().inbox().Count() >= before + kMails / 10; }));
    ASSERT_OK(outage());
    WaitUntilServing();
    ASSERT_OK(WaitUntilQueueIsEmpty(suite().dispatch()));
    EXPECT_EQ(suite().inbox().Count(), before + kMails);
    ExpectNoDuplicates();
  }
};

TEST_F(OutageTest, ServicesReportNotServingAndRecover) {
  ASSERT_OK(suite().database().Stop());
  for (const std::string_view service : suite().services()) {
    EXPECT_OK(WaitUntil(std::string(service) + " is NOT_SERVING", [&] {
      const auto serving = suite().IsServing(service);
      return serving.ok() && !*serving;
    }));
  }
  const pb::SendRequest request = Greet("announcement", "patient", "during the outage");
  EXPECT_THAT(Send(suite(), request), StatusIs(absl::StatusCode::kUnavailable));
  ASSERT_OK(suite().database().Start());
  WaitUntilServing();

  ASSERT_OK(Register(suite(), {"patient"}));
  ASSERT_OK(Send(suite(), request));
  EXPECT_OK(suite().inbox().WaitForOne(AddressOf("patient")));
}

TEST_F(OutageTest, BatchSurvivesRestart) {
  ExpectBatchSurvives("restart", [] { return suite().database().Restart(); });
}

TEST_F(OutageTest, BatchSurvivesCrash) {
  ExpectBatchSurvives("crash", [] {
    const absl::Status killed = suite().database().KillHard();
    const absl::Status started = suite().database().Start();
    return killed.ok() ? started : killed;
  });
}

TEST_F(OutageTest, BatchSurvivesTerminationOfAllConnections) {
  ExpectBatchSurvives("failover", [] { return suite().database().TerminateBackends(); });
}

TEST_F(OutageTest, EventAcceptedBeforeCrashCausesOneMail) {
  ASSERT_OK(Register(suite(), {"enrolled"}));
  ASSERT_OK(AddCourse(suite(), "statistics", "Statistics"));
  ASSERT_OK(Publish(suite(), {Enrolled("before-the-crash", "enrolled", "statistics")}));
  ASSERT_OK(suite().database().KillHard());
  ASSERT_OK(suite().database().Start());
  WaitUntilServing();
  ASSERT_OK(WaitUntilDone(suite(), "before-the-crash"));
  EXPECT_OK(suite().inbox().WaitForOne(AddressOf("enrolled")));
  ASSERT_OK(WaitUntilQueueIsEmpty(suite().dispatch()));
  EXPECT_EQ(suite().inbox().CountTo(AddressOf("enrolled")), 1);
}

}  // namespace
}  // namespace lmsmail::integration
