// A student reads a mail in a real browser, opts out, and gets no more of that kind.

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <string>

#include "libs/status/status_macros.h"
#include "tests/integration/suite/gateway.h"
#include "tests/integration/suite/lms_client.h"
#include "tests/integration/suite/node_client.h"
#include "tests/integration/suite/suite_test.h"

namespace lmsmail::integration {
namespace {

using ::testing::HasSubstr;
namespace pb = dispatch::v1;

class BrowserTest : public SuiteTest {
 protected:
  static void SetUpTestSuite() {
    SuiteTest::SetUpTestSuite();
    ASSERT_OK_AND_ASSIGN(
        gateway_, Gateway::Start(suite(), {fmt::format("--inbox.directory={}",
                                                       (suite().folder() / "mail").string())}));
  }
  static void TearDownTestSuite() {
    gateway_.reset();
    SuiteTest::TearDownTestSuite();
  }
  void SetUp() override {
    SuiteTest::SetUp();
    ASSERT_NE(gateway_, nullptr) << "the gateway did not start";
  }

  // Returns the output, or an error if the browser did not see what the script expects.
  static absl::StatusOr<std::string> Run(std::string_view script, std::string_view student) {
    const std::filesystem::path screenshots = LMSMAIL_SCREENSHOTS;
    std::filesystem::create_directories(screenshots);
    fmt::print("The screenshots are in {}\n", screenshots.string());
    LMSMAIL_ASSIGN_OR_RETURN(const std::string folder, InstallNodeClient("browser"));
    return RunToEnd(
        {"/usr/bin/env", "node", fmt::format("{}/{}", folder, script),
         fmt::format("http://127.0.0.1:{}/inbox", gateway_->admin_port()), "127.0.0.1:8080",
         fmt::format("127.0.0.1:{}", gateway_->port()), AddressOf(student), screenshots.string()},
        suite().folder() / "browser.log", absl::Minutes(2));
  }

  static inline std::unique_ptr<Gateway> gateway_;
};

TEST_F(BrowserTest, MailsAreReadableOnPhonesAndInTheDark) {
  const std::filesystem::path screenshots = LMSMAIL_SCREENSHOTS;
  std::filesystem::create_directories(screenshots);
  const std::string mails = (suite().folder() / "rendered").string();
  const std::filesystem::path log = suite().folder() / "mails.log";
  ASSERT_OK(RunToEnd({LMSMAIL_BINARIES "/lmsmail-render-mails", mails}, log, absl::Minutes(1)));
  ASSERT_OK_AND_ASSIGN(const std::string folder, InstallNodeClient("browser"));
  ASSERT_OK_AND_ASSIGN(
      const std::string output,
      RunToEnd({"/usr/bin/env", "node", folder + "/mails.mjs", mails, screenshots.string()}, log,
               absl::Minutes(2)));
  EXPECT_THAT(output, HasSubstr("100 pictures"));
}

TEST_F(BrowserTest, WhoOptsOutInTheBrowserGetsNoMoreOfThatKind) {
  ASSERT_OK(Register(suite(), {"amira"}));
  ASSERT_OK(AddCourse(suite(), "drawing", "Drawing"));
  ASSERT_OK(Publish(suite(), {Attended("first", "amira", "drawing")}));
  ASSERT_OK(suite().inbox().WaitForOne(AddressOf("amira")));
  for (const auto lane : {type::v1::LANE_NOTIFICATION, type::v1::LANE_BULK}) {
    ASSERT_OK(Pause(suite(), lane));
  }
  ASSERT_OK(Publish(suite(), {Attended("second", "amira", "drawing")}));
  ASSERT_OK(WaitUntilDone(suite(), "second"));

  ASSERT_OK_AND_ASSIGN(const std::string notice, Run("unsubscribe.mjs", "amira"));
  EXPECT_THAT(notice, HasSubstr("You are unsubscribed: Demo class follow-ups"));

  for (const auto lane : {type::v1::LANE_NOTIFICATION, type::v1::LANE_BULK}) {
    ASSERT_OK(Resume(suite(), lane));
  }
  ASSERT_OK(WaitUntilQueueIsEmpty(suite().dispatch()));
  ASSERT_OK_AND_ASSIGN(const auto mails, MailTo(suite(), "amira"));
  ASSERT_EQ(mails.size(), 2);
  EXPECT_EQ(mails[0].state(), pb::STATE_SKIPPED);
  EXPECT_EQ(mails[0].reason(), pb::REASON_UNSUBSCRIBED);
  EXPECT_EQ(suite().inbox().CountTo(AddressOf("amira")), 1);
}

}  // namespace
}  // namespace lmsmail::integration
