#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <set>
#include <string>

#include "libs/testing/status_matchers.h"
#include "tests/integration/suite/suite.h"

namespace lmsmail::integration {

// A fixture whose tests share one suite. Each test uses its own students, courses and keys.
class SuiteTest : public ::testing::Test {
 protected:
  static void SetUpTestSuite() { StartSuite({}); }
  static void TearDownTestSuite() { shared_.reset(); }

  static void StartSuite(Suite::Options options) {
    ASSERT_OK_AND_ASSIGN(shared_, Suite::Start(std::move(options)));
  }
  void SetUp() override { ASSERT_NE(shared_, nullptr) << "the suite did not start"; }

  static Suite& suite() { return *shared_; }

  // Expects that every mail in the inbox has a distinct Message-ID.
  static void ExpectNoDuplicates() {
    ASSERT_OK_AND_ASSIGN(const auto mails, suite().inbox().ReadAll());
    std::set<std::string> ids;
    for (const ArrivedMail& mail : mails) {
      const std::string& id = mail.header().at("message-id");
      EXPECT_TRUE(ids.insert(id).second) << id << " arrived twice";
    }
  }

 private:
  static inline std::unique_ptr<Suite> shared_;
};

}  // namespace lmsmail::integration
