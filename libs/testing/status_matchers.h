#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <type_traits>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

// EXPECT_OK(f()), EXPECT_THAT(f(), StatusIs(code, "message or matcher")), IsOkAndHolds(matcher).
namespace lmsmail {
namespace testing_internal {

inline absl::Status AsStatus(const absl::Status& status) { return status; }
template <typename T>
absl::Status AsStatus(const absl::StatusOr<T>& status) {
  return status.status();
}

}  // namespace testing_internal

MATCHER(IsOk, "is OK") {
  *result_listener << testing_internal::AsStatus(arg).ToString();
  return arg.ok();
}

MATCHER_P(StatusIs, code, "") {
  const absl::Status status = testing_internal::AsStatus(arg);
  *result_listener << status.ToString();
  return status.code() == code;
}

MATCHER_P2(StatusIs, code, message, "") {
  const absl::Status status = testing_internal::AsStatus(arg);
  *result_listener << status.ToString();
  return status.code() == code &&
         ::testing::ExplainMatchResult(::testing::Matcher<std::string>(message),
                                       std::string(status.message()), result_listener);
}

MATCHER_P(IsOkAndHolds, matcher, "") {
  if (!arg.ok()) {
    *result_listener << arg.status().ToString();
    return false;
  }
  return ::testing::ExplainMatchResult(matcher, *arg, result_listener);
}

}  // namespace lmsmail

#define EXPECT_OK(expr) EXPECT_THAT((expr), ::lmsmail::IsOk())
#define ASSERT_OK(expr) ASSERT_THAT((expr), ::lmsmail::IsOk())

// ASSERT_OK_AND_ASSIGN(auto x, StatusOrReturning());
#define ASSERT_OK_AND_ASSIGN(lhs, expr) \
  LMSMAIL_ASSERT_OK_AND_ASSIGN_(LMSMAIL_TEST_CONCAT_(lmsmail_so_, __LINE__), lhs, expr)
#define LMSMAIL_TEST_CONCAT_INNER_(a, b) a##b
#define LMSMAIL_TEST_CONCAT_(a, b) LMSMAIL_TEST_CONCAT_INNER_(a, b)
#define LMSMAIL_ASSERT_OK_AND_ASSIGN_(temp, lhs, expr) \
  auto temp = (expr);                                  \
  ASSERT_OK(temp);                                     \
  lhs = *std::move(temp)
