#pragma once

#include <gmock/gmock.h>
#include <grpcpp/support/status.h>

#include <algorithm>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

#include "libs/rpc/status.h"
#include "libs/status/error_details.h"

// Matchers for grpc::Status, absl::Status and absl::StatusOr.
namespace lmsmail::rpc {
namespace matchers_internal {

inline absl::Status AsAbsl(const grpc::Status& status) { return FromGrpcStatus(status); }
inline absl::Status AsAbsl(const absl::Status& status) { return status; }
template <typename T>
absl::Status AsAbsl(const absl::StatusOr<T>& status) {
  return status.status();
}

}  // namespace matchers_internal

MATCHER_P(GrpcStatusIs, code, "") {
  *result_listener << "code " << arg.error_code() << ": " << arg.error_message();
  return arg.error_code() == code;
}

// EXPECT_THAT(status, HasViolation("page_token", HasSubstr("start again")))
MATCHER_P2(HasViolation, field, description, "") {
  const absl::Status status = matchers_internal::AsAbsl(arg);
  *result_listener << status.ToString();
  const auto violations = ViolationsOf(status);
  return std::any_of(violations.begin(), violations.end(), [&](const FieldViolation& violation) {
    return violation.field == field &&
           ::testing::Matches(::testing::Matcher<std::string>(description))(violation.description);
  });
}

MATCHER_P(HasReason, reason, "") {
  const absl::Status status = matchers_internal::AsAbsl(arg);
  *result_listener << status.ToString() << ", reason \"" << ReasonOf(status).reason << '"';
  return ReasonOf(status).reason == reason;
}

}  // namespace lmsmail::rpc
