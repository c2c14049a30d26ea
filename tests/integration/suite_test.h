#pragma once

#include <gtest/gtest.h>

#include <memory>

#include "libs/testing/status_matchers.h"
#include "tests/integration/suite.h"

namespace lmsmail::integration {

// For tests that share one suite: each uses students, courses and keys of its own.
class SuiteTest : public ::testing::Test {
 protected:
  static void SetUpTestSuite() { StartSuite({}); }
  static void TearDownTestSuite() { shared_.reset(); }

  static void StartSuite(Suite::Options options) {
    ASSERT_OK_AND_ASSIGN(shared_, Suite::Start(std::move(options)));
  }
  void SetUp() override { ASSERT_NE(shared_, nullptr) << "the suite did not start"; }

  static Suite& suite() { return *shared_; }

 private:
  static inline std::unique_ptr<Suite> shared_;
};

}  // namespace lmsmail::integration
